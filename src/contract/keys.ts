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
 * What of a model an event is about. Events of one slot follow each other (the alias `production` moves from v3 to
 * v4); events of different slots have nothing to do with each other.
 * The alias, the tag's key, `stage`, the version, or the event itself, each under the name of its kind: the alias
 * `production` and the tag `production` are two slots.
 */
export function slotOf(event: ModelEvent): string {
  return namedSlot(event) ?? `event:${event.id}`
}

function namedSlot({ kind, change, model }: ModelEvent): string | null {
  switch (kind) {
    case 'alias.added':
    case 'alias.removed':
      return named('alias', change.alias)
    case 'tag.added':
    case 'tag.removed':
      return named('tag', tagKey(change.tag))
    case 'stage.changed':
      return 'stage'
    case 'version.created':
    case 'version.linked':
    case 'version.unlinked':
      return named('version', model?.version ?? model?.id ?? null)
    default:
      return null
  }
}

const named = (kind: string, name: string | null) => (name === null ? null : `${kind}:${name}`)

/** The key of a `key=value` tag; a plain tag is its own key. */
function tagKey(tag: string | null): string | null {
  if (tag === null) return null
  const end = tag.indexOf('=')
  return end > 0 ? tag.slice(0, end) : tag
}

/**
 * 32 hex characters, the same for every event of a source about one model and slot on its way to one listener.
 * Order and supersede go by it, and workflows use it as a concurrency group.
 */
export function subjectKey({ destination, target, listener }: SubjectScope, event: ModelEvent): string {
  const { entity = null, project = null, name = null } = event.model ?? {}
  return digest([event.source.name, destination, target, listener, entity, project, name, slotOf(event)])
}

/**
 * 32 hex characters, equal for repeats of one change: whatever its id, its times, who was told first and under which
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

/** Whether model and change say everything; runs, prompts and unknown events say it in fields of their own. */
function tellsAllInFields({ kind }: ModelEvent): boolean {
  return kind !== 'other' && kind !== 'run.changed' && !kind.startsWith('prompt')
}

/** Node's crypto is loaded only here: the Action seldom needs it, and it takes a third of Node's own start. */
function digest(parts: Json[]): string {
  const { hash } = process.getBuiltinModule('node:crypto')
  return hash('sha256', canonicalJson(parts), 'hex').slice(0, 32)
}
