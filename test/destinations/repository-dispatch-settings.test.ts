import { describe, expect, it } from 'vitest'
import type { SettingsProblem } from '../../receiver/destinations/destination.ts'
import { DESTINATION_TYPES } from '../../receiver/destinations/index.ts'
import { connections, delivery, dispatchKeys as keys } from './event.ts'

function problems(given: Record<string, unknown>): SettingsProblem[] {
  const type = DESTINATION_TYPES.get('repository_dispatch')
  if (type === undefined) throw new Error('repository_dispatch is not registered.')
  return type.check(type.settings.parse(keys(given)), { connections, checkUrl: () => null })
}

describe('the settings of a repository_dispatch', () => {
  it('need only a repository', () => {
    expect(delivery(keys()).settings).toEqual({
      type: 'repository_dispatch',
      connection: 'main',
      repository: 'acme/serving',
      event_type: null,
      client_payload: null,
      model_event: true,
      parameters: {},
    })
    expect(problems({})).toEqual([])
  })

  it('read their own result again', () => {
    const { settings } = delivery(keys({ client_payload: { a: 1 } }))
    expect(delivery(settings as Record<string, unknown>).settings).toEqual(settings)
  })

  it.each([
    { repositry: 'x' },
    { repository: 5 },
    { client_payload: ['a'] },
    { parameters: 'x' },
    { model_event: 'yes' },
  ])('refuse %j', (wrong) => {
    expect(() => delivery(keys(wrong))).toThrow()
  })

  it.each([
    [
      'an owner from the event',
      { repository: '${entity_name}/serving' },
      'repository',
      /owner cannot be a template/,
    ],
    [
      'the whole repository from the event',
      { repository: '${event.metadata.repo}' },
      'repository',
      /owner cannot be a template/,
    ],
    ['a repository without owner', { repository: 'serving' }, 'repository', /is not a repository$/],
    ['a name that cannot exist', { repository: 'acme/ser ving' }, 'repository', /not a repository name/],
    ['a path', { repository: 'acme/serving/x' }, 'repository', /not a repository name/],
    ['a parent folder', { repository: 'acme/..' }, 'repository', /not a repository name/],
    [
      'a repository outside of the connection',
      { repository: 'evil/serving' },
      'repository',
      /not among the `repositories`.*acme\/\*, Globex\/Serving/,
    ],
    [
      'an owner outside of the connection',
      { repository: 'evil/${alias}' },
      'repository',
      /evil\/… is not among/,
    ],
    [
      'an unknown connection',
      { connection: 'mian' },
      'connection',
      /no GitHub connection mian\. Configured: main, ghes/,
    ],
    ['an unknown word', { event_type: '${allias}' }, 'event_type', /allias/],
    [
      'an unknown word deep in the payload',
      { client_payload: { a: [{ b: '${nope}' }] } },
      'client_payload',
      /client_payload\.a\[0\]\.b.*nope/,
    ],
    [
      'a secret in the payload',
      { client_payload: { a: 'x ${WANDB_API_KEY}' } },
      'client_payload',
      /\$\{WANDB_API_KEY\} names a secret/,
    ],
    ['a secret in the event type', { event_type: '${ACCESS_TOKEN}' }, 'event_type', /names a secret/],
    ['an event type of 101 characters', { event_type: 'x'.repeat(101) }, 'event_type', /101/],
    [
      'eleven keys',
      { client_payload: Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`k${index}`, 1])) },
      'client_payload',
      /11 keys.*at most 10/,
    ],
    [
      'a payload that can never fit',
      { client_payload: { a: 'é'.repeat(31_000) } },
      'client_payload',
      /62008 bytes/,
    ],
    [
      'parameters that leave no room',
      { parameters: { a: 'x'.repeat(40_000) } },
      'parameters',
      /they take 40008 bytes/,
    ],
  ])('refuse %s', (_, given, key, message) => {
    const found = problems(given)
    expect(found.map(({ path }) => path)).toEqual([[key]])
    expect(found[0]?.message).toMatch(message)
    expect(found[0]?.message).not.toMatch(/^(repository|event_type|parameters|client_payload):/)
    expect(found[0]?.fix).toMatch(/^[A-Z].*[.?]$/)
  })

  it.each([
    ['a templated name', { repository: 'acme/${artifact_collection_name}' }],
    ['names in any case', { repository: 'ACME/Serving' }],
    [
      'ten keys',
      { client_payload: Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`k${index}`, 1])) },
    ],
    ['a literal ${', { client_payload: { a: '$${NOT_A_SECRET}' } }],
    ['a long template', { event_type: `\${event.metadata.${'x'.repeat(120)}}` }],
  ])('accept %s', (_, given) => {
    expect(problems(given)).toEqual([])
  })
})
