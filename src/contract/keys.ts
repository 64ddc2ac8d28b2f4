import { canonicalJson } from './canonical-json.ts'
import type { Json, ModelEvent } from './model-event.ts'

/** Where events are sent, as far as it tells subjects apart; which automation sends them there does not. */
export interface SubjectScope {
  /** The destination's type, e.g. `repository_dispatch`. */
  destination: string
  /** Where it goes, e.g. `acme/serving`. */
  target: string
  /** Who listens there: see `Target.listener`. */
  listener: string
}

/**
 * Returns what must stay in order within a model: the alias, the tag's key on its version, all stages of the model, the
 * version, or else the event itself, each under the name of its kind: the alias `production` and the tag `production`
 * are two things.
 */
export function orderOf(event: ModelEvent): string {
  return namedOrder(event) ?? `event:${event.id}`
}

/**
 * Returns what only one event can hold at a time, within what `orderOf` names: the stage that is entered, and in all
 * other cases the same. A later event of a slot supersedes an earlier one; v9 that enters `Staging` does not supersede
 * v8 that enters `Production`, though they stay in order.
 */
export function slotOf(event: ModelEvent): string {
  const { id, kind, change } = event
  if (kind !== 'stage.changed') return orderOf(event)
  return named('stage', change.to_stage) ?? `event:${id}`
}

function namedOrder({ kind, change, model }: ModelEvent): string | null {
  switch (kind) {
    case 'alias.added':
    case 'alias.removed':
      return named('alias', change.alias)
    case 'tag.added':
    case 'tag.removed': {
      const key = tagKey(change.tag)
      return key === null ? null : `tag:${JSON.stringify([versionOf(model), key])}`
    }
    case 'stage.changed':
      return 'stage'
    case 'version.created':
    case 'version.linked':
    case 'version.unlinked':
      return named('version', versionOf(model))
    default:
      return null
  }
}

const versionOf = (model: ModelEvent['model']) => model?.version ?? model?.id ?? null

/** Returns what a model is known by: its path, or its id where nothing else names it. */
export function modelPath(model: ModelEvent['model']): (string | null)[] {
  const { entity = null, project = null, name = null, id = null } = model ?? {}
  return name === null ? [entity, project, null, id] : [entity, project, name]
}

const named = (kind: string, name: string | null) => (name === null ? null : `${kind}:${name}`)

/** Returns the key of a `key=value` tag; a plain tag is its own key. */
function tagKey(tag: string | null): string | null {
  if (tag === null) return null
  const end = tag.indexOf('=')
  return end > 0 ? tag.slice(0, end) : tag
}

/**
 * Returns 32 hex characters, the same for every event of a source that must stay in order on its way to one listener.
 * Workflows use it as a concurrency group.
 */
export function subjectKey(scope: SubjectScope, event: ModelEvent): string {
  return digest([...placeOf(scope, event), orderOf(event)])
}

/** Returns 32 hex characters that tell the slots of a subject apart: the subject's own key where it has but one. */
export function slotKey(scope: SubjectScope, event: ModelEvent): string {
  return keysOf(scope, event).slot
}

/** Returns `subjectKey` and `slotKey` of an event. */
export function keysOf(scope: SubjectScope, event: ModelEvent): { subject: string; slot: string } {
  const place = placeOf(scope, event)
  const [order, slot] = [orderOf(event), slotOf(event)]
  const subject = digest([...place, order])
  return { subject, slot: order === slot ? subject : digest([...place, order, slot]) }
}

const placeOf = ({ destination, target, listener }: SubjectScope, { source, model }: ModelEvent) => [
  source.name,
  destination,
  target,
  listener,
  ...modelPath(model),
]

/**
 * Returns 32 hex characters, equal for repeats of one change: whatever its id, its times, who was told first and under which
 * of the registry's names it came (Databricks sends a stage change under a generic and a specific name).
 */
export function dedupeKey(event: ModelEvent): string {
  const { source, kind, model, change } = event
  return digest([
    source.name,
    source.type,
    kind,
    model && [model.entity, model.project, model.name, model.version, model.reference, model.id],
    [change.alias, change.tag, change.tags, change.from_stage, change.to_stage, change.comment],
    ...(tellsAllInFields(event) ? [] : [event.type, event.run, event.metadata, event.extra]),
  ])
}

/** Returns whether model and change say everything; runs, prompts and unknown events say it in fields of their own. */
function tellsAllInFields({ kind }: ModelEvent): boolean {
  return kind !== 'other' && kind !== 'run.changed' && !kind.startsWith('prompt')
}

/**
 * Returns 32 hex digits of a hash. Node's crypto is loaded only here: the Action seldom needs it, and it takes a third
 * of Node's own start.
 */
function digest(parts: Json[]): string {
  node_crypto ??= loadCrypto()
  return node_crypto.hash('sha256', canonicalJson(parts), 'hex').slice(0, 32)
}

const loadCrypto = () => process.getBuiltinModule('node:crypto')
let node_crypto: ReturnType<typeof loadCrypto> | null = null
