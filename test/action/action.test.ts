import { describe, expect, it } from 'vitest'
import { encodeClientPayload } from '../../src/contract/client-payload.ts'
import { runAction } from '../support/run-action.ts'
import {
  aliasAdded,
  dispatched,
  envelope,
  modelEvent,
  stageChanged,
  versionLinked,
  wandbDirect,
} from './events.ts'

const FLAGS = [
  'is-link',
  'is-unlink',
  'is-alias',
  'is-alias-removed',
  'is-tag',
  'is-tag-removed',
  'is-stage',
  'is-stage-request',
  'is-version-created',
  'is-test',
]
const raised = (outputs: Record<string, string>) => FLAGS.filter((name) => outputs[name] === 'true')

describe('a dispatch of the receiver', () => {
  it('gives all outputs of an added alias', async () => {
    const inputs = { environments: 'staging=test\nprod*=prod' }
    const { outputs, exit_code, stderr } = await runAction({ inputs, event: dispatched(aliasAdded) })
    expect({ exit_code, stderr }).toEqual({ exit_code: 0, stderr: '' })
    const { json, ...rest } = outputs
    expect(rest).toEqual({
      matched: 'true',
      reason: 'matched',
      message: 'resnet50 v3 - production by jane',
      event: 'ADD_ARTIFACT_ALIAS',
      kind: 'alias.added',
      source: 'wandb',
      ...Object.fromEntries(FLAGS.map((name) => [name, 'false'])),
      'is-alias': 'true',
      entity: 'my-team',
      project: 'model-registry',
      registry: 'model',
      model: 'resnet50',
      collection: 'resnet50',
      version: 'v3',
      'previous-version': '',
      alias: 'production',
      tag: '',
      tags: '[]',
      stage: '',
      'previous-stage': '',
      environment: 'prod',
      artifact: 'my-team/model-registry/resnet50:production',
      'artifact-pinned': 'my-team/model-registry/resnet50:v3',
      'artifact-id': 'QXJ0aWZhY3Q6NTE3ODg5ODg3',
      author: 'jane',
      title: 'resnet50 v3 - production by jane',
      url: '',
      metadata: '{"accuracy":"0.93"}',
      parameters: '{"region":"eu"}',
      'delivery-id': 'dlv_01',
      'dedupe-key': envelope.dedupe_key,
      'subject-key': envelope.subject_key,
    })
    expect(JSON.parse(json ?? '')).toEqual({ ...aliasAdded, ...envelope, truncated: [] })
  })

  it('tells a linked version', async () => {
    const { outputs } = await runAction({ event: dispatched(versionLinked) })
    expect(raised(outputs)).toEqual(['is-link'])
    expect(outputs).toMatchObject({ matched: 'true', event: 'LINK_ARTIFACT', alias: '', version: 'v3' })
  })

  it('tells a change of stage', async () => {
    const inputs = { environments: 'Production = prod-eu' }
    const { outputs } = await runAction({ inputs, event: dispatched(stageChanged) })
    expect(raised(outputs)).toEqual(['is-stage'])
    expect(outputs).toMatchObject({
      source: 'ws',
      model: 'Airline_Delay_SparkML',
      version: '8',
      stage: 'Production',
      'previous-stage': 'None',
      environment: 'prod-eu',
      artifact: 'models:/Airline_Delay_SparkML/8',
    })
  })

  it.each([
    ['version.unlinked', 'is-unlink'],
    ['alias.removed', 'is-alias-removed'],
    ['tag.added', 'is-tag'],
    ['tag.removed', 'is-tag-removed'],
    ['stage.requested', 'is-stage-request'],
    ['version.created', 'is-version-created'],
  ] as const)('tells %s by %s alone', async (kind, flag) => {
    const { outputs } = await runAction({ event: dispatched(modelEvent({ kind })) })
    expect(raised(outputs)).toEqual([flag])
  })

  it('is read from the workflow input `payload` and from the input `payload` alike', async () => {
    const payload = JSON.stringify(encodeClientPayload(aliasAdded, {}, envelope))
    const direct = await runAction({ event: dispatched(aliasAdded) })
    const byWorkflow = await runAction({ event: { inputs: { payload } } })
    const byStep = await runAction({ inputs: { payload } })
    expect(byWorkflow.outputs).toEqual(direct.outputs)
    expect(byStep.outputs).toEqual(direct.outputs)
  })

  it('gives way to the input `payload`', async () => {
    const inputs = { payload: JSON.stringify(versionLinked) }
    const { outputs } = await runAction({ inputs, event: dispatched(aliasAdded) })
    expect(outputs).toMatchObject({ matched: 'true', 'is-link': 'true', 'is-alias': 'false' })
  })
})

describe('a body that W&B sent straight to GitHub', () => {
  it('gives the artifact of the documented template, whose event is unknown', async () => {
    const { outputs, stdout } = await runAction({ event: wandbDirect })
    expect(raised(outputs)).toEqual([])
    expect(outputs).toMatchObject({
      matched: 'true',
      event: 'UNKNOWN',
      kind: 'other',
      source: 'wandb',
      model: 'resnet50',
      artifact: 'my-team/model-registry/resnet50:production',
      'artifact-id': 'QXJ0aWZhY3Q6NTE3ODg5ODg3',
      'delivery-id': '',
    })
    expect(outputs['subject-key']).toMatch(/^[0-9a-f]{32}$/)
    expect(stdout).toContain('Add these lines to the payload')
  })

  it.each(['LINK_ARTIFACT', 'ADD_ARTIFACT_ALIAS'])(
    'takes the event_type for the event where it is %s',
    async (action) => {
      const { outputs } = await runAction({ event: { ...wandbDirect, action } })
      expect(outputs).toMatchObject({ matched: 'true', event: action })
    },
  )

  it('tells an alias event by the alias', async () => {
    const client_payload = { ...(wandbDirect['client_payload'] as object), alias: 'production' }
    const inputs = { aliases: 'production', environments: 'production=prod' }
    const { outputs } = await runAction({ inputs, event: { ...wandbDirect, client_payload } })
    expect(raised(outputs)).toEqual(['is-alias'])
    expect(outputs).toMatchObject({ matched: 'true', alias: 'production', environment: 'prod' })
  })
})

describe('a step that does not match', () => {
  const NOTHING = {
    artifact: '',
    'artifact-pinned': '',
    'artifact-id': '',
    version: '',
    environment: '',
    url: '',
  }
  const url = 'https://wandb.ai/my-team/registry'
  const event = modelEvent({ model: { url } })

  it.each([
    ['event', { events: 'LINK_ARTIFACT, stage.*' }, event],
    ['alias', { aliases: 'staging' }, event],
    ['alias', { aliases: '*' }, versionLinked],
    ['model', { models: 'resnet5\nother/*' }, event],
    ['stage', { stages: 'Staging' }, stageChanged],
    ['test', {}, { ...event, test: true }],
  ])('says %s for %j', async (reason, filters, subject) => {
    const inputs = { environments: '*=prod', ...filters }
    const { outputs, exit_code, stdout } = await runAction({ inputs, event: dispatched(subject) })
    expect(exit_code).toBe(0)
    expect(outputs).toMatchObject({ matched: 'false', reason, ...NOTHING })
    expect(JSON.parse(outputs['json'] ?? '')).toMatchObject({ model: subject.model })
    expect(stdout.match(/^::notice::/gm)).toHaveLength(1)
    expect(stdout).toContain('do not check the output matched still run')
  })

  it.each([
    ['events by name', { events: 'LINK_ARTIFACT\nADD_ARTIFACT_ALIAS' }],
    ['events by kind', { events: 'alias.*' }],
    ['aliases', { aliases: 'champion,prod*' }],
    ['models by name', { models: 'resnet??' }],
    ['models by path', { models: 'my-team/*/resnet50' }],
  ])('is not one whose %s fit', async (_what, inputs) => {
    const { outputs } = await runAction({ inputs, event: dispatched(event) })
    expect(outputs).toMatchObject({ matched: 'true', reason: 'matched', url, version: 'v3' })
  })

  it('accepts a test of the registry when told to', async () => {
    const inputs = { 'test-events': 'accept' }
    const { outputs } = await runAction({ inputs, event: dispatched({ ...event, test: true }) })
    expect(outputs).toMatchObject({ matched: 'true', 'is-test': 'true' })
  })

  it('fails when told to, with all outputs set', async () => {
    const inputs = { 'on-mismatch': 'fail', aliases: 'staging' }
    const { outputs, exit_code, stdout } = await runAction({ inputs, event: dispatched(event) })
    expect(exit_code).toBe(1)
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(
      '::error::Not matched, alias: The alias is production. The input aliases takes staging.',
    )
    expect(outputs).toMatchObject({ matched: 'false', reason: 'alias', alias: 'production' })
  })
})

describe('a run without an event of a registry', () => {
  const EMPTY = { matched: 'false', kind: '', tags: '[]', metadata: '{}', parameters: '{}', json: '{}' }

  it.each([
    ['a push', { ref: 'refs/heads/main' }],
    ['a dispatch of somebody else', { action: 'release', client_payload: { tag: 'v1.2.3', ref: 'main' } }],
    ['a dispatch without a payload', { action: 'release', client_payload: {} }],
    ['an event file that holds a list', []],
    ['an event file that holds null', null],
    ['no event file', undefined],
    ['an event file that is no JSON', '{"client_payload": '],
    ['a workflow input that is no JSON', { inputs: { payload: 'production' } }],
  ])('says no-event for %s', async (_what, event) => {
    const { outputs, exit_code, stdout, stderr } = await runAction({ event })
    expect({ exit_code, stderr }).toEqual({ exit_code: 0, stderr: '' })
    expect(outputs).toMatchObject({ ...EMPTY, reason: 'no-event' })
    expect(FLAGS.map((name) => outputs[name])).toEqual(FLAGS.map(() => 'false'))
    expect(stdout).toMatch(/^::warning::Not matched, no-event: .*\n$/)
  })

  it('says what is wrong with a broken event file', async () => {
    const { outputs } = await runAction({ event: '{"client_payload": ' })
    expect(outputs['message']).toMatch(
      /^The event file of this run cannot be read: .*JSON.*GITHUB_EVENT_PATH/,
    )
  })

  it('needs no event file when it is given a payload', async () => {
    const inputs = { payload: JSON.stringify(aliasAdded) }
    const { outputs } = await runAction({ inputs, event: 'no JSON' })
    expect(outputs['matched']).toBe('true')
  })
})
