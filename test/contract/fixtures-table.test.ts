import { describe, expect, it } from 'vitest'
import { NO_CHANGE, NO_MODEL, type DecodedEvent } from '../../src/contract/model-event.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import { parseAs, fixtureNames, jsonFixture, renderTemplate } from '../sources/fixtures.ts'

/** What an event holds; every field that a row leaves out is null, `false`, `{}` or `[]`. */
type Row = Pick<DecodedEvent, 'type' | 'kind' | 'title'> &
  Partial<Omit<DecodedEvent, 'model' | 'change'>> & {
    model?: Partial<DecodedEvent['model']>
    change?: Partial<DecodedEvent['change']>
  }

const RESNET = {
  type: 'model',
  entity: 'my-team',
  project: 'model-registry',
  registry: 'model',
  name: 'resnet50',
  id: 'QXJ0aWZhY3Q6NTE3ODg5ODg3',
}
const PRODUCTION = { ...RESNET, reference: 'my-team/model-registry/resnet50:production' }
const V3 = {
  ...RESNET,
  version: 'v3',
  reference: 'my-team/model-registry/resnet50:v3',
  pinned: 'my-team/model-registry/resnet50:v3',
}
const UNKNOWN = { type: 'UNKNOWN', kind: 'other', title: 'UNKNOWN' } as const
/** A template as W&B's test panel sends it. */
const UNFILLED = { ...UNKNOWN, title: 'Test: UNKNOWN', test: true } as const
const PROMOTED = {
  type: 'ADD_ARTIFACT_ALIAS',
  kind: 'alias.added',
  title: 'resnet50 -> production by jane',
  author: 'jane',
  model: PRODUCTION,
  change: { alias: 'production' },
} satisfies Row
const UNTOLD = {
  ...UNKNOWN,
  title: 'UNKNOWN: resnet50 by jane',
  author: 'jane',
  model: PRODUCTION,
} satisfies Row

const DELAY = {
  name: 'Airline_Delay_SparkML',
  version: '8',
  reference: 'models:/Airline_Delay_SparkML/8',
  pinned: 'models:/Airline_Delay_SparkML/8',
}
const OCCURRED = '2020-05-19T03:30:29.343Z'
const GENERIC_WEBHOOK = 'c5596721253c4b429368cf6f4341b88a'
const WEBHOOK = '8d7fc634e624474f9bbfde960fdf354c'

function staged(type: string, from_stage: string, to_stage: string): Row {
  const text = `Registered model 'someModel' version 8 transitioned from ${from_stage} to ${to_stage}.`
  return {
    type,
    kind: 'stage.changed',
    title: `Airline_Delay_SparkML 8 -> ${to_stage}`,
    occurred_at: OCCURRED,
    model: DELAY,
    change: { from_stage, to_stage },
    extra: { webhook_id: GENERIC_WEBHOOK, text },
  }
}

function requested(type: string, to_stage: string): Row {
  const text = `A user requested that registered model 'someModel' version 8 transition to ${to_stage}.`
  return {
    type,
    kind: 'stage.requested',
    title: `Airline_Delay_SparkML 8 -> ${to_stage} requested`,
    occurred_at: OCCURRED,
    model: DELAY,
    change: { to_stage },
    extra: { webhook_id: WEBHOOK, text },
  }
}

/** Every file of `test/fixtures/payloads` as it is: templates are unrendered, as a test panel may send them. */
const FILES: Record<string, Record<string, Row>> = {
  wandb: {
    'SYNTH-rendered-add-artifact-alias.json': PROMOTED,
    'SYNTH-rendered-link-artifact.json': {
      type: 'LINK_ARTIFACT',
      kind: 'version.linked',
      title: 'resnet50 v3 linked to model by jane',
      author: 'jane',
      model: V3,
    },
    'SYNTH-rendered-github-dispatch.json': UNTOLD,
    'PROPOSED-template-all-variables.json': { ...UNFILLED, extra: { schema: 'wandb.automation.v1' } },
    'template-github-dispatch-docs.json': UNFILLED,
    'template-github-dispatch-dtu-course.json': UNFILLED,
    'template-github-dispatch-MBakirWB.json': UNFILLED,
    'template-github-dispatch-event-type-passthrough-docs-2023.json': UNFILLED,
    'template-slack-blocks-docs.json': {
      ...UNKNOWN,
      extra: jsonFixture('payloads', 'wandb', 'template-slack-blocks-docs.json'),
    },
    'template-teams-messagecard-docs.json': {
      ...UNKNOWN,
      extra: {
        '@type': 'MessageCard',
        '@context': 'http://schema.org/extensions',
        summary: 'New Notification',
        sections: [
          {
            activityTitle: 'Notification from WANDB',
            text: 'This is an example message sent via Teams webhook.',
            facts: [{ name: 'Author' }, { name: 'Event Type' }],
            markdown: true,
          },
        ],
      },
    },
  },
  databricks: {
    'MODEL_VERSION_TRANSITIONED_STAGE.json': staged('MODEL_VERSION_TRANSITIONED_STAGE', 'None', 'Production'),
    'MODEL_VERSION_TRANSITIONED_TO_STAGING.json': staged(
      'MODEL_VERSION_TRANSITIONED_TO_STAGING',
      'None',
      'Staging',
    ),
    'MODEL_VERSION_TRANSITIONED_TO_PRODUCTION.json': staged(
      'MODEL_VERSION_TRANSITIONED_TO_PRODUCTION',
      'Staging',
      'Production',
    ),
    'MODEL_VERSION_TRANSITIONED_TO_ARCHIVED.json': staged(
      'MODEL_VERSION_TRANSITIONED_TO_ARCHIVED',
      'Production',
      'Archived',
    ),
    'TRANSITION_REQUEST_CREATED.json': requested('TRANSITION_REQUEST_CREATED', 'Production'),
    'TRANSITION_REQUEST_TO_STAGING_CREATED.json': requested(
      'TRANSITION_REQUEST_TO_STAGING_CREATED',
      'Staging',
    ),
    'TRANSITION_REQUEST_TO_PRODUCTION_CREATED.json': requested(
      'TRANSITION_REQUEST_TO_PRODUCTION_CREATED',
      'Production',
    ),
    'TRANSITION_REQUEST_TO_ARCHIVED_CREATED.json': requested(
      'TRANSITION_REQUEST_TO_ARCHIVED_CREATED',
      'Archived',
    ),
    'MODEL_VERSION_CREATED.json': {
      type: 'MODEL_VERSION_CREATED',
      kind: 'version.created',
      title: 'Airline_Delay_SparkML 8 created',
      occurred_at: OCCURRED,
      model: DELAY,
      extra: {
        webhook_id: WEBHOOK,
        text: "A user created version 8 of registered model 'Airline_Delay_SparkML'.",
      },
    },
    'MODEL_VERSION_TAG_SET.json': {
      type: 'MODEL_VERSION_TAG_SET',
      kind: 'tag.added',
      title: 'Airline_Delay_SparkML 8 tagged key1=value1, key2=value2',
      occurred_at: OCCURRED,
      model: DELAY,
      change: { tag: 'key1=value1', tags: ['key1=value1', 'key2=value2'] },
      extra: {
        webhook_id: WEBHOOK,
        text: "example@yourdomain.com set version tag(s) 'key1' => 'value1', 'key2' => 'value2' for registered model 'someModel' version 8.",
      },
    },
    'COMMENT_CREATED.json': {
      type: 'COMMENT_CREATED',
      kind: 'comment.created',
      title: 'Comment on Airline_Delay_SparkML 8',
      occurred_at: OCCURRED,
      model: DELAY,
      change: { comment: 'Raw text content of the comment' },
      extra: { webhook_id: WEBHOOK, text: "A user commented on registered model 'someModel' version 8." },
    },
    'REGISTERED_MODEL_CREATED.json': {
      type: 'REGISTERED_MODEL_CREATED',
      kind: 'model.created',
      title: 'Airline_Delay_SparkML created',
      occurred_at: OCCURRED,
      model: { name: 'Airline_Delay_SparkML' },
      extra: { webhook_id: WEBHOOK, text: "A user created registered model 'Airline_Delay_SparkML'." },
    },
    'REGISTERED_MODEL_CREATED.test.json': {
      type: 'REGISTERED_MODEL_CREATED',
      kind: 'model.created',
      title: 'Test: A model created',
      occurred_at: '2022-03-31T21:04:46.678Z',
      test: true,
      extra: {
        webhook_id: 'bd8414ed622b4a7380b71bf676b04010',
        text: "A test webhook trigger for registered model '' created for webhook bd8414ed622b4a7380b71bf676b04010.",
      },
    },
  },
}

/** W&B's templates as they come once rendered for the promotion above, with an index and an automation name. */
const RENDERED: Record<string, Row> = {
  'PROPOSED-template-all-variables.json': {
    ...PROMOTED,
    title: 'resnet50 v3 -> production by jane',
    model: { ...PRODUCTION, version: 'v3', pinned: V3.pinned },
    extra: { schema: 'wandb.automation.v1', automation_name: 'promote' },
  },
  'template-github-dispatch-docs.json': UNTOLD,
  'template-github-dispatch-dtu-course.json': UNTOLD,
  'template-github-dispatch-MBakirWB.json': UNTOLD,
  'template-github-dispatch-event-type-passthrough-docs-2023.json': {
    ...PROMOTED,
    // Without a word for the alias, as W&B documented this template: the path ends in it.
    title: 'resnet50 -> production by jane',
    change: { alias: 'production' },
  },
}

const DISPATCH_TYPES: Record<string, string> = {
  'SYNTH-rendered-github-dispatch.json': 'BUILD_AND_DEPLOY',
  'template-github-dispatch-docs.json': 'BUILD_AND_DEPLOY',
  'template-github-dispatch-dtu-course.json': 'staged_model',
  'template-github-dispatch-MBakirWB.json': 'webhook',
}

function expected(row: Row): DecodedEvent {
  return {
    author: null,
    occurred_at: null,
    test: false,
    own: false,
    run: null,
    metadata: {},
    extra: {},
    ...row,
    model: row.model == null ? null : { ...NO_MODEL, ...row.model },
    change: { ...NO_CHANGE, ...row.change },
  }
}

function parse(type: string, body: string) {
  const source = SOURCE_TYPES.get(type)
  return source === undefined ? [] : parseAs(source, body)
}

describe.each(Object.entries(FILES))('every fixture of %s', (type, rows) => {
  it('is in the table', () => {
    expect(Object.keys(rows).toSorted()).toEqual(fixtureNames('payloads', type).toSorted())
  })

  it.each(Object.entries(rows))('%s holds what the table says', (name, row) => {
    const events = parse(type, JSON.stringify(jsonFixture('payloads', type, name)))
    expect(events.map(({ event }) => event)).toEqual([expected(row)])
    expect(events[0]?.dispatch_type).toBe(DISPATCH_TYPES[name] ?? null)
  })
})

describe('every template of wandb, rendered', () => {
  const values = {
    ...(jsonFixture('payloads', 'wandb', 'SYNTH-rendered-add-artifact-alias.json') as Record<string, string>),
    artifact_version_index: '3',
    automation_name: 'promote',
  }

  it.each(Object.entries(RENDERED))('%s holds what the table says', (name, row) => {
    const body = renderTemplate(jsonFixture('payloads', 'wandb', name), values)
    expect(parse('wandb', body).map(({ event }) => event)).toEqual([expected(row)])
  })
})
