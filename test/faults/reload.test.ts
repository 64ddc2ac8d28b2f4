import { describe, expect, it, onTestFinished } from 'vitest'
import { StoreUnavailable, type Store } from '../../receiver/store/store.ts'
import { startHouse, type House } from '../regressions/receiver.ts'
import { DEPLOY_CONFIG } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

type Save = Store['saveRevisions']

/** A receiver whose store saves a changed configuration as `save` says, once that is set. */
async function open() {
  const control: { save: ((args: Parameters<Save>[0], real: Save) => ReturnType<Save>) | null } = {
    save: null,
  }
  const around = (store: Store): Store => ({
    ...store,
    saveRevisions(args) {
      const real: Save = (given) => store.saveRevisions(given)
      return control.save === null ? real(args) : control.save(args, real)
    },
  })
  const house = await startHouse({ around })
  onTestFinished(() => house.close())
  return { house, control }
}

const away = () => Promise.reject(new StoreUnavailable('no space left', 'make room'))
const configOf = (alias: string) => DEPLOY_CONFIG.replace('alias: production', `alias: ${alias}`)
const waits = ({ log }: House) =>
  log.filter(({ message }) => message === 'configuration changed: it comes into force when the store is back')

let n = 0
/** Which of these aliases start something. */
async function inForce(house: House, ...aliases: string[]): Promise<string[]> {
  const matched: string[] = []
  for (const alias of aliases) {
    const { body } = await sendWandb(house.url, aliasBody({ alias, n: ++n }))
    if ((body['matched'] as string[]).length > 0) matched.push(alias)
  }
  return matched
}

describe('a reload', () => {
  it('while the store is away comes into force when it is back', async () => {
    const { house, control } = await open()
    control.save = away
    const reloaded = house.reload(configOf('staging'))
    await expect.poll(() => waits(house)).toMatchObject([{ level: 'error', fix: 'make room' }])
    expect(await inForce(house, 'production', 'staging')).toEqual(['production'])
    control.save = null
    expect(await reloaded).toBe(true)
    expect(await inForce(house, 'production', 'staging')).toEqual(['staging'])
    expect(waits(house)).toHaveLength(1)
  })

  it('gives way to a newer one while it waits for the store', async () => {
    const { house, control } = await open()
    control.save = away
    const older = house.reload(configOf('staging'))
    await expect.poll(() => waits(house)).toHaveLength(1)
    const newer = house.reload(configOf('canary'))
    control.save = null
    expect(await Promise.all([older, newer])).toEqual([false, true])
    expect(await inForce(house, 'production', 'staging', 'canary')).toEqual(['canary'])
  })

  it('of two the later one stays, in whatever order the store answers', async () => {
    const { house, control } = await open()
    const answers: (() => void)[] = []
    control.save = async (args, real) => {
      await new Promise<void>((resolve) => answers.push(resolve))
      await real(args)
    }
    const state = { settled: false }
    const reloads = Promise.all([house.reload(configOf('staging')), house.reload(configOf('canary'))])
    void reloads.finally(() => (state.settled = true))
    // The answer to the later question first, as far as it has been asked.
    while (!state.settled) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      answers.pop()?.()
    }
    expect((await reloads)[1]).toBe(true)
    expect(await inForce(house, 'production', 'staging', 'canary')).toEqual(['canary'])
  })

  it('that can never come into force says so, and the next one does', async () => {
    const { house, control } = await open()
    control.save = () => Promise.reject(new Error('not foreseen'))
    await expect(house.reload(configOf('staging'))).rejects.toThrow('not foreseen')
    control.save = null
    expect(await house.reload(configOf('canary'))).toBe(true)
    expect(await inForce(house, 'production', 'staging', 'canary')).toEqual(['canary'])
  })

  it('that waits for the store keeps no process from ending', async () => {
    const { house, control } = await open()
    control.save = away
    const reloaded = house.reload(configOf('staging'))
    await expect.poll(() => waits(house)).toHaveLength(1)
    control.save = null
    await house.restart()
    expect(await reloaded).toBe(false)
  })
})
