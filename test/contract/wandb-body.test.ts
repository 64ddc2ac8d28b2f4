import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/contract/model-event.ts'
import { decodeWandbBody } from '../../src/contract/wandb/body.ts'
import { WANDB_EVENTS } from '../../src/contract/wandb/events.ts'
import { jsonFixture, renderTemplate } from '../sources/fixtures.ts'

const ALIAS = jsonFixture('payloads', 'wandb', 'SYNTH-rendered-add-artifact-alias.json')

function decode(body: unknown, event: string | null = null) {
  return decodeWandbBody(body as JsonObject, event)
}

describe('the event of a W&B body', () => {
  it.each(Object.entries(WANDB_EVENTS))('%s is %s', (type, kind) => {
    expect(decode({ event_type: type }).event).toMatchObject({ type, kind })
  })

  it.each([
    ['LINK_MODEL', 'LINK_ARTIFACT'],
    ['link_artifact', 'LINK_ARTIFACT'],
    [' UPDATE_ARTIFACT_ALIAS ', 'ADD_ARTIFACT_ALIAS'],
    ['RUN_METRIC_THRESHOLD', 'RUN_METRIC'],
  ])('is given in one spelling: %j is %s', (event_type, type) => {
    const { event, flat } = decode({ event_type })
    expect([event.type, flat['event_type'], event.extra]).toEqual([type, type, {}])
  })

  it('is the one that the URL states, whatever the body says', () => {
    expect(decode(ALIAS, 'link_model').event).toMatchObject({ type: 'LINK_ARTIFACT', kind: 'version.linked' })
    expect(decode(ALIAS, 'MY_EVENT').event).toMatchObject({ type: 'MY_EVENT', kind: 'other' })
    expect(decode(ALIAS, '').event.type).toBe('ADD_ARTIFACT_ALIAS')
    expect(decode(ALIAS, 'no\nname').event.type).toBe('ADD_ARTIFACT_ALIAS')
  })

  it('is event_type before wandb_event_type, and the top before what is inside', () => {
    expect(decode({ event_type: 'LINK_ARTIFACT', wandb_event_type: 'CREATE_ARTIFACT' }).event.type).toBe(
      'LINK_ARTIFACT',
    )
    expect(
      decode({ wandb_event_type: 'CREATE_ARTIFACT', variables: { EVENT_TYPE: 'RUN_STATE' } }).event.type,
    ).toBe('CREATE_ARTIFACT')
  })

  it.each([
    ['client_payload', { event_type: 'deploy', client_payload: { wandb_event_type: 'LINK_ARTIFACT' } }],
    ['client_payload, as event_type', { event_type: 'deploy', client_payload: { event_type: 'LINK_MODEL' } }],
    ['variables in upper case', { ref: 'main', variables: { EVENT_TYPE: 'LINK_ARTIFACT' } }],
    ['an upper-case key', { WANDB_EVENT_TYPE: 'LINK_ARTIFACT' }],
  ])('is found in %s', (_, body) => expect(decode(body).event.type).toBe('LINK_ARTIFACT'))

  it.each([
    ['ADD_ARTIFACT_ALIAS', { alias: 'production' }],
    ['ADD_ARTIFACT_TAG', { tag: 'reviewed', alias: '${alias}' }],
    ['RUN_STATE', { run_status: 'FINISHED' }],
    ['RUN_METRIC', { metric_name: 'loss' }],
    ['ADD_ARTIFACT_ALIAS', { event_type: 'deploy', client_payload: { alias: 'production', tag: '' } }],
    ['ADD_ARTIFACT_ALIAS', { event_type: 'deploy', alias: 'production' }],
  ])('is told to be %s by what is filled in: %j', (type, body) => expect(decode(body).event.type).toBe(type))

  it('that W&B may add one day keeps its name and is never guessed to be another', () => {
    const body = {
      event_type: 'REMOVE_ARTIFACT_ALIAS',
      alias: 'production',
      artifact_collection_name: 'resnet50',
    }
    expect(decode(body).event).toMatchObject({
      type: 'REMOVE_ARTIFACT_ALIAS',
      kind: 'other',
      change: { alias: null },
    })
    expect(decode(body).event.extra).toEqual({ alias: 'production' })
    expect(decode({ wandb_event_type: 'PROMOTED', alias: 'production' }).event.type).toBe('PROMOTED')
  })

  it.each([{}, { key1: 'value1', key2: 'value2' }, { event_type: 'deploy' }])(
    'is UNKNOWN for %j, with the lines to add',
    (body) => {
      const { event, recognised, hint, flat } = decode(body)
      expect([event.type, event.kind, recognised, flat['event_type']]).toEqual([
        'UNKNOWN',
        'other',
        false,
        'UNKNOWN',
      ])
      expect(hint).toContain('"wandb_event_type": "${event_type}", "alias": "${alias}"')
    },
  )

  it('comes without a hint when it is found', () =>
    expect(decode(ALIAS)).toMatchObject({ recognised: true, hint: null }))
})

describe('the GitHub event type of a W&B body', () => {
  it.each([
    ['deploy', { event_type: 'deploy', client_payload: {} }],
    ['LINK_MODEL', { event_type: 'LINK_MODEL', client_payload: {} }],
    [null, { event_type: '${event_type}', client_payload: {} }],
    [null, { event_type: '', client_payload: {} }],
    [null, { event_type: 7, client_payload: {} }],
    [null, { event_type: 'deploy', client_payload: 'text' }],
    [null, { event_type: 'deploy', client_payload: [] }],
    [null, { event_type: 'ADD_ARTIFACT_ALIAS' }],
  ])('is %j in %j', (dispatch_type, body) => expect(decode(body).dispatch_type).toBe(dispatch_type))
})

describe('the model of a W&B body', () => {
  it('takes its version from the index, then from a reference by version, never from an alias', () => {
    const version = (body: JsonObject) =>
      decode({ event_type: 'LINK_ARTIFACT', ...body }).event.model?.version
    expect(version({ artifact_version_index: '4', artifact_version_string: 'a/b/c:v3' })).toBe('v4')
    expect(version({ artifact_version_index: 4 })).toBe('v4')
    expect(version({ artifact_version_string: 'a/b/c:v3' })).toBe('v3')
    expect(version({ artifact_version_string: 'a/b/c:production' })).toBeNull()
  })

  it('is pinned by the path of its reference once the version is known', () => {
    const pinned = (body: JsonObject) => decode({ event_type: 'LINK_ARTIFACT', ...body }).event.model?.pinned
    expect(pinned({ artifact_version_string: 'a/b/c:production', artifact_version_index: '7' })).toBe(
      'a/b/c:v7',
    )
    expect(pinned({ artifact_version_string: 'a/b/c:production' })).toBeNull()
    expect(pinned({ artifact_version_string: 'c:v7', entity_name: 'a', project_name: 'b' })).toBe('a/b/c:v7')
    expect(
      pinned({
        entity_name: 'a',
        project_name: 'b',
        artifact_collection_name: 'c d',
        artifact_version_index: '7',
      }),
    ).toBe('a/b/c d:v7')
    expect(
      pinned({ entity_name: 'a', artifact_collection_name: 'x/y', artifact_version_index: '7' }),
    ).toBeNull()
  })

  it('is known from the reference alone', () => {
    const body = {
      event_type: 'LINK_ARTIFACT',
      artifact_version_string: 'org/wandb-registry-My Models/resnet 50:v3',
    }
    expect(decode(body).event.model).toEqual({
      type: null,
      entity: 'org',
      project: 'wandb-registry-My Models',
      registry: 'My Models',
      name: 'resnet 50',
      version: 'v3',
      reference: 'org/wandb-registry-My Models/resnet 50:v3',
      pinned: 'org/wandb-registry-My Models/resnet 50:v3',
      id: null,
      url: null,
    })
  })

  it('keeps an unreadable artifact_version as an extra', () => {
    const { event } = decode({ event_type: 'LINK_ARTIFACT', artifact_version: 'wandb-artifact://_id/x""' })
    expect([event.model, event.extra]).toEqual([null, { artifact_version: 'wandb-artifact://_id/x""' }])
  })

  it('is null where nothing names one', () => expect(decode({ key1: 'value1' }).event.model).toBeNull())
})

describe('what a W&B body says besides', () => {
  it('is metadata where it is spelled so, from an object or from single keys', () => {
    const body = {
      event_type: 'LINK_ARTIFACT',
      metadata: { accuracy: 0.93, empty: '', missing: '${artifact_metadata.missing}' },
      client_payload: { artifact_metadata: { framework: 'torch' } },
      'artifact_metadata.f1': '0.9',
      'artifact_metadata.gone': '',
      variables: { 'ARTIFACT_METADATA.Lang': 'en' },
    }
    const { event } = decode(body)
    expect(event.metadata).toEqual({ accuracy: 0.93, framework: 'torch', f1: '0.9', Lang: 'en' })
    expect(event.extra).toEqual({})
  })

  it('is the run of a run event', () => {
    const body = {
      event_type: 'RUN_STATE',
      run_name: 'sun-42',
      run_status: 'FAILED',
      entity_name: 'e',
      project_name: 'p',
    }
    const { event } = decode(body)
    expect(event).toMatchObject({ kind: 'run.changed', title: 'Run sun-42 FAILED', extra: {} })
    expect(event.run).toMatchObject({ name: 'sun-42', status: 'FAILED', metric_name: null })
    expect(event.model).toMatchObject({ entity: 'e', project: 'p', name: null, version: null })
  })

  it('is the alert of a Weave event', () => {
    const { event } = decode({
      event_type: 'WEAVE_METRIC_THRESHOLD',
      alert_name: 'a',
      message: 'high',
      threshold: '1',
    })
    expect(event.run).toMatchObject({ alert_name: 'a', message: 'high', threshold: '1', metric_value: null })
  })

  it('is an extra otherwise, in its own spelling, outermost first', () => {
    const body = {
      event_type: 'deploy',
      ref: 'main',
      client_payload: { alias: 'x', Ref: 'dev', ref: 'dev', deep: { a: [''] } },
    }
    expect(decode(body).event.extra).toEqual({ ref: 'main', Ref: 'dev', deep: { a: [null] } })
    expect(decode({ ...ALIAS, automation_name: 'promote', message: 'hi' }).event.extra).toEqual({
      automation_name: 'promote',
      message: 'hi',
    })
    expect(decode({ client_payload: { variables: { a: 1 } } }).event.extra).toEqual({ variables: { a: 1 } })
  })

  it('keeps an event_type of the user’s own that is no GitHub event type', () => {
    expect(decode({ event_type: 'deploy', wandb_event_type: 'LINK_ARTIFACT' }).event.extra).toEqual({
      event_type: 'deploy',
    })
  })
})

describe('the flat words of a W&B body', () => {
  it('are W&B’s own, "" where absent, wherever they were found', () => {
    const body = {
      event_type: 'BUILD',
      client_payload: { alias: 'production', tag: '${tag}', event_author: 'jane' },
      variables: { ENTITY_NAME: 'e' },
    }
    expect(decode(body).flat).toEqual({
      event_type: 'ADD_ARTIFACT_ALIAS',
      event_author: 'jane',
      artifact_version: '',
      artifact_version_string: '',
      artifact_collection_name: '',
      project_name: '',
      entity_name: 'e',
      alias: 'production',
      tag: '',
    })
  })

  it('include the body’s other top-level texts, unchanged', () => {
    const { flat } = decode({ ...ALIAS, note: ' <b> `$(x)` ', number: 3, empty: '', ALIAS: 'other' })
    expect(flat).toMatchObject({ note: ' <b> `$(x)` ', alias: 'production' })
    expect(Object.keys(flat)).not.toContain('number')
    expect(Object.keys(flat)).not.toContain('ALIAS')
  })
})

describe('a template rendered as W&B does', () => {
  it('says the same flat, in client_payload and in upper-case variables', () => {
    const variables = Object.keys(ALIAS)
    const template = Object.fromEntries(variables.map((name) => [name, `\${${name}}`]))
    const upper = Object.fromEntries(variables.map((name) => [name.toUpperCase(), `\${${name}}`]))
    const values = ALIAS as Record<string, string>
    const bodies = [template, { client_payload: template }, { variables: upper }]
    const events = bodies.map((body) => decode(JSON.parse(renderTemplate(body, values))).event)
    expect(events).toEqual(Array(3).fill(decode(ALIAS).event))
  })
})
