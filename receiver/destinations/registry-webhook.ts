import { z } from 'zod'
import { DATABRICKS_EVENTS, genericName, specificName } from '../../src/contract/databricks/events.ts'
import type { JsonObject, ModelEvent } from '../../src/contract/model-event.ts'

/** Marks a destination as one of Databricks' registry webhooks: its body then has the form that Databricks documents. */
export const registryWebhook = z
  .strictObject({
    id: z.string().min(1).max(64).describe('The `webhook_id` of each body.'),
    events: z.array(z.string()).min(1).describe("Databricks' names of the events that are sent."),
  })
  .nullable()
  .default(null)
  .describe("Sends the bodies of Databricks' registry webhooks, for every source. Their API sets this.")

/** See {@link registryWebhook}. */
export type RegistryWebhook = NonNullable<z.output<typeof registryWebhook>>

/**
 * Returns Databricks' names of a change in any registry, by its kind. An alias that is named as a stage counts as the
 * change to that stage.
 */
export function registryEventsOf({ kind, change }: Pick<ModelEvent, 'kind' | 'change'>): string[] {
  const stage = stageOf({ kind, change })
  const as = kind === 'alias.added' ? 'stage.changed' : kind
  if (as === 'stage.changed' || as === 'stage.requested') {
    const specific = specificName(as, stage)
    if (kind === 'alias.added' && specific === null) return []
    return [genericName(as), specific].filter((name) => name !== null)
  }
  return Object.keys(DATABRICKS_EVENTS).filter((name) => DATABRICKS_EVENTS[name] === kind)
}

/**
 * Returns the body that Databricks documents for an event. Nothing in it is a path of an artifact.
 * https://docs.databricks.com/aws/en/mlflow/model-registry-webhooks
 */
export function registryWebhookBody(
  event: ModelEvent,
  flat: Readonly<Record<string, string>>,
  { id, events }: RegistryWebhook,
): JsonObject {
  const names = registryEventsOf(event)
  const wanted = names.filter((name) => events.includes(name))
  const name = wanted.find((one) => one === event.type) ?? wanted[0] ?? event.type
  const model_name = event.model?.name ?? ''
  const fields = fieldsOf(event)
  const own = event.source.type === 'databricks' ? flat['text'] : undefined
  return {
    event: name,
    webhook_id: id,
    event_timestamp: Date.parse(event.occurred_at ?? event.received_at),
    model_name,
    ...fields,
    text: event.test ? testText(model_name, id) : own || textOf(event, fields),
  }
}

/** How Databricks writes the stages. */
const STAGES = new Map([
  ['none', 'None'],
  ['staging', 'Staging'],
  ['production', 'Production'],
  ['archived', 'Archived'],
])

const written = (stage: string | null) => STAGES.get(stage?.toLowerCase() ?? 'none') ?? stage ?? 'None'

function stageOf({ kind, change }: Pick<ModelEvent, 'kind' | 'change'>): string | null {
  return kind === 'alias.added' ? change.alias : change.to_stage
}

/** The fields of one kind of event, in the order of Databricks' examples. */
function fieldsOf(event: ModelEvent): JsonObject {
  const { kind, change, model } = event
  if (kind === 'model.created') return {}
  const version = { version: model?.version ?? '' }
  switch (kind) {
    case 'alias.added':
    case 'stage.changed':
      return { ...version, to_stage: written(stageOf(event)), from_stage: written(change.from_stage) }
    case 'stage.requested':
      return { ...version, to_stage: written(change.to_stage) }
    case 'tag.added':
      return { ...version, tags: (change.tags.length > 0 ? change.tags : [change.tag ?? '']).map(pair) }
    case 'comment.created':
      return { ...version, comment: change.comment ?? '' }
    default:
      return version
  }
}

function pair(tag: string): { key: string; value: string } {
  const at = tag.indexOf('=')
  return at > 0 ? { key: tag.slice(0, at), value: tag.slice(at + 1) } : { key: tag, value: '' }
}

/** Databricks' own words for what its `test` sends: receivers tell a test by them. */
function testText(model_name: string, id: string): string {
  return `A test webhook trigger for registered model '${model_name}' created for webhook ${id}.`
}

function textOf({ kind, author, model }: ModelEvent, fields: JsonObject): string {
  const who = author ?? 'A user'
  const name = `registered model '${model?.name ?? ''}'`
  const stage = (field: string) => (typeof fields[field] === 'string' ? fields[field] : '')
  const version = model?.version == null ? '' : ` version ${model.version}`
  switch (kind) {
    case 'alias.added':
    case 'stage.changed':
      return `R${name.slice(1)}${version} transitioned from ${stage('from_stage')} to ${stage('to_stage')}.`
    case 'stage.requested':
      return `${who} requested that ${name}${version} transition to ${stage('to_stage')}.`
    case 'tag.added': {
      const tags = (fields['tags'] as { key: string; value: string }[]).map(
        ({ key, value }) => `'${key}' => '${value}'`,
      )
      return `${who} set version tag(s) ${tags.join(', ')} for ${name}${version}.`
    }
    case 'comment.created':
      return `${who} commented on ${name}${version}.`
    case 'model.created':
      return `${who} created ${name}.`
    default:
      return `${who} created${version} of ${name}.`
  }
}
