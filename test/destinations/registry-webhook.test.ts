import { describe, expect, it } from 'vitest'
import { registryEventsOf, registryWebhookBody } from '../../receiver/destinations/registry-webhook.ts'
import { DATABRICKS_SAMPLES } from '../../receiver/sources/databricks/samples.ts'
import { DATABRICKS_EVENTS } from '../../src/contract/databricks/events.ts'
import { decodeDatabricksBody } from '../../src/contract/databricks/body.ts'
import { NO_CHANGE, NO_MODEL, type JsonObject, type ModelEvent } from '../../src/contract/model-event.ts'
import { fixtureNames, jsonFixture } from '../sources/fixtures.ts'
import { modelEvent } from '../support/model-event.ts'
import { delivery } from './event.ts'
import { senderOf } from './context.ts'

const ID = 'c5596721253c4b429368cf6f4341b88a'
const ALL = Object.keys(DATABRICKS_EVENTS)

const of = (
  kind: ModelEvent['kind'],
  change: Partial<ModelEvent['change']> = {},
  parts: Partial<ModelEvent> = {},
) =>
  modelEvent({
    ...parts,
    kind,
    change: { ...NO_CHANGE, tags: [], ...change },
  })

/** What a registry webhook sends on of a body that Databricks sent, under the same id. */
function sentOn(body: JsonObject) {
  const { event, flat } = decodeDatabricksBody(body, null)
  const whole = { ...modelEvent({ source: { name: 'ws', type: 'databricks' } }), ...event }
  const id = typeof body['webhook_id'] === 'string' ? body['webhook_id'] : ''
  return registryWebhookBody(whole, flat, { id, events: ALL })
}

describe('The body of a registry webhook', () => {
  it.each(fixtureNames('payloads', 'databricks'))('is the one that Databricks documents: %s', (name) => {
    const body = jsonFixture('payloads', 'databricks', name)
    expect(sentOn(body)).toEqual(body)
  })

  it.each(Object.entries(DATABRICKS_SAMPLES))('has every documented field of %s', (_, sample) => {
    expect(sentOn(sample as JsonObject)).toEqual(sample)
  })

  it.each([
    ['production', 'Production'],
    ['PRODUCTION', 'Production'],
    ['staging', 'Staging'],
    ['archived', 'Archived'],
  ])('calls the alias %s of any registry the stage change to %s', (alias, to_stage) => {
    const model = { ...NO_MODEL, name: 'resnet50', version: '3' }
    const event = of('alias.added', { alias }, { model, occurred_at: '2026-11-27T09:30:00.000Z' })
    expect(registryWebhookBody(event, {}, { id: ID, events: ['MODEL_VERSION_TRANSITIONED_STAGE'] })).toEqual({
      event: 'MODEL_VERSION_TRANSITIONED_STAGE',
      webhook_id: ID,
      event_timestamp: Date.parse('2026-11-27T09:30:00.000Z'),
      model_name: 'resnet50',
      version: '3',
      to_stage,
      from_stage: 'None',
      text: `Registered model 'resnet50' version 3 transitioned from None to ${to_stage}.`,
    })
  })

  it('names the event as the webhook asked for it', () => {
    const event = of('stage.changed', { from_stage: 'Staging', to_stage: 'Production' })
    const named = (...events: string[]) => registryWebhookBody(event, {}, { id: ID, events })['event']
    expect(named('MODEL_VERSION_TRANSITIONED_STAGE')).toBe('MODEL_VERSION_TRANSITIONED_STAGE')
    expect(named('MODEL_VERSION_TRANSITIONED_TO_PRODUCTION')).toBe('MODEL_VERSION_TRANSITIONED_TO_PRODUCTION')
  })

  it('has tags as pairs, also those that are one word', () => {
    const event = of('tag.added', { tag: 'reviewed', tags: ['reviewed', 'stage=prod'] })
    expect(registryWebhookBody(event, {}, { id: ID, events: ALL })['tags']).toEqual([
      { key: 'reviewed', value: '' },
      { key: 'stage', value: 'prod' },
    ])
  })

  it('carries no path of an artifact (D9)', () => {
    const event = of('version.created', {}, { extra: { artifact: 's3://bucket/model.bin' } })
    const text = JSON.stringify(registryWebhookBody(event, {}, { id: ID, events: ALL }))
    expect(text).not.toContain('s3://')
    expect(text).not.toContain('my-team/')
  })

  it('begins its text as those of Databricks do when it is a test', () => {
    const event = of('model.created', {}, { test: true })
    expect(registryWebhookBody(event, {}, { id: ID, events: ALL })['text']).toMatch(
      /^A test webhook trigger for registered model '.*' created for webhook c5596721253c4b429368cf6f4341b88a/,
    )
  })
})

describe('An event of any registry', () => {
  it.each([
    ['version.created', {}, ['MODEL_VERSION_CREATED']],
    ['model.created', {}, ['REGISTERED_MODEL_CREATED']],
    ['tag.added', {}, ['MODEL_VERSION_TAG_SET']],
    ['comment.created', {}, ['COMMENT_CREATED']],
    [
      'stage.requested',
      { to_stage: 'Staging' },
      ['TRANSITION_REQUEST_CREATED', 'TRANSITION_REQUEST_TO_STAGING_CREATED'],
    ],
    ['stage.changed', { to_stage: 'None' }, ['MODEL_VERSION_TRANSITIONED_STAGE']],
    ['alias.added', { alias: 'champion' }, []],
    ['alias.removed', { alias: 'production' }, []],
    ['version.linked', {}, []],
  ] as const)('of kind %s is for Databricks', (kind, change, names) => {
    expect(registryEventsOf(of(kind, change))).toEqual(names)
  })
})

describe('The parameters of a job that a registry webhook runs', () => {
  it('are the same body as one text', () => {
    const registry_webhook = { id: ID, events: ['MODEL_VERSION_CREATED'] }
    const keys = {
      type: 'databricks_job',
      workspace_url: 'https://dbc.example.com',
      job_id: '1',
      access_token: '${env:T}',
      parameters: 'notebook',
      registry_webhook,
    }
    const event = of('version.created')
    const { body } = senderOf('databricks_job').render(delivery(keys, { event }))
    const { event_message } = body['notebook_params'] as { event_message: string }
    expect(JSON.parse(event_message)).toEqual(registryWebhookBody(event, {}, registry_webhook))
  })
})
