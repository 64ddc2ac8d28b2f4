import { describe, expect, it, onTestFinished } from 'vitest'
import { createGitHub } from '../../receiver/github/github.ts'
import { dispatchTo, patience, tokenConnection } from '../github/connections.ts'
import { startGitHub } from '../standins/github/index.ts'
import { request } from '../support/http.ts'
import { DEPLOY_CONFIG } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'
import { deliveryIn, SOON, startHouse, stoppedClock, type House, type HouseOptions } from './receiver.ts'

async function open(options?: HouseOptions): Promise<House> {
  const house = await startHouse(options)
  onTestFinished(() => house.close())
  return house
}

let count = 0
/** Sends an event about a model of its own; gives the id of its delivery. */
async function deliver(house: House, parts: Record<string, unknown> = {}): Promise<string> {
  const body = aliasBody({ artifact_collection_name: `model-${++count}`, ...parts })
  return deliveryIn(await sendWandb(house.url, body))
}

describe('a target', () => {
  // Seen in svix-bridge's HTTP output, which never looked at the status.
  it('that answers 302 is no success, nor is any other that does not answer 2xx', async () => {
    const github = await startGitHub({ validate: false, limits: { enabled: false } })
    onTestFinished(() => github.close())
    const connection = tokenConnection({ api_url: github.url })
    const classOf = async (status: number) => {
      github.failNext({ kind: 'custom', status })
      return (await createGitHub().dispatch(connection, dispatchTo(), patience())).class
    }
    for (const status of [200, 201, 202, 204]) expect(await classOf(status), String(status)).toBe('success')
    const others = [300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 410, 418, 422, 429, 451]
    for (const status of [...others, 500, 501, 502, 503, 504, 599])
      expect(await classOf(status), String(status)).not.toBe('success')
  })

  // Seen in svix-bridge's HTTP output.
  it.each([
    [302, 'failed'],
    [500, 'pending'],
  ])('that answers %i leaves no delivery that looks done', async (status, shown) => {
    const house = await open({ clock: stoppedClock() })
    house.github.failNext({ kind: 'custom', status }, { operation: 'dispatch' })
    const id = await deliver(house)
    await expect.poll(async () => (await house.delivery(id)).attempts, SOON).toMatchObject([{ status }])
    const { status: now, error } = await house.delivery(id)
    expect(now).toBe(shown)
    expect(error?.message).toContain(String(status))
    expect(house.github.dispatches).toEqual([])
  })

  // Seen in outpost: the record of the attempt became too large to be written, and it was tried again for ever.
  it.each([
    [422, 'failed'],
    [502, 'pending'],
  ])(
    'that answers %i with 50 MB does not keep the attempt from being recorded, once',
    async (status, shown) => {
      const house = await open({ clock: stoppedClock() })
      const body = `{"message":"${'too much '.repeat((50 * 2 ** 20) / 9)}"}`
      // Cut, it is no JSON any more: the header tells that GitHub itself has answered.
      const headers = { 'x-github-request-id': 'C0FF:EE' }
      house.github.failNext({ kind: 'custom', status, headers, body }, { operation: 'dispatch' })
      const id = await deliver(house)
      await expect.poll(async () => (await house.delivery(id)).attempts, SOON).toMatchObject([{ status }])
      const { status: now, attempts } = await house.delivery(id)
      expect(now).toBe(shown)
      expect(Buffer.byteLength(attempts[0]?.response ?? '')).toBeLessThanOrEqual(8 * 1_024)
      expect(attempts[0]?.response).toContain('too much')
      const next = await deliver(house)
      await expect.poll(async () => (await house.delivery(next)).status, SOON).toBe('succeeded')
      expect(house.github.requests.filter(({ operation }) => operation === 'dispatch')).toHaveLength(2)
    },
  )

  // Seen in langfuse, whose Slack automations were disabled after one failure.
  it('that fails again and again does not turn its automation off', async () => {
    const house = await open()
    house.github.failNext({ kind: 'answer', name: 'not-found' }, { operation: 'dispatch', times: 25 })
    const failing: string[] = []
    for (let n = 0; n < 25; n++) failing.push(await deliver(house))
    for (const id of failing)
      await expect.poll(async () => (await house.delivery(id)).status, SOON).toBe('failed')
    const id = await deliver(house)
    await expect.poll(async () => (await house.delivery(id)).status, SOON).toBe('succeeded')
  })
})

describe('a template that an event does not fit', () => {
  // Seen in outpost, where it counted as a fault of the system.
  it('is a failed attempt with its reason, and no fault of the system', async () => {
    const house = await open({
      config: DEPLOY_CONFIG.replace(
        'acme/serving }',
        "acme/serving, event_type: 'deploy-${event.model.name}' }",
      ),
    })
    const id = await deliver(house, { artifact_collection_name: 'm'.repeat(120) })
    await expect.poll(async () => (await house.delivery(id)).status, SOON).toBe('failed')
    const { attempts, error } = await house.delivery(id)
    expect(attempts).toMatchObject([{ status: null, class: 'permanent' }])
    expect(error).toMatchObject({ class: 'permanent' })
    expect(error?.message).toMatch(/event_type.*127 characters/)
    expect(error?.fix).not.toBe('')
    expect(house.log.filter(({ level }) => level === 'error')).toEqual([])
    expect((await request(`${house.url}/readyz`)).status).toBe(200)
    const next = await deliver(house, { artifact_collection_name: 'short' })
    await expect.poll(async () => (await house.delivery(next)).status, SOON).toBe('succeeded')
    expect(house.github.dispatches.map(({ event_type }) => event_type)).toEqual(['deploy-short'])
  })
})
