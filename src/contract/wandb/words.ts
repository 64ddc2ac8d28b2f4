import type { Json, ModelEvent } from '../model-event.ts'
import { formatArtifactUri } from './reference.ts'

/**
 * Every word that a template may write as `${word}`, in W&B's spelling: the variables of
 * https://docs.wandb.ai/guides/core/automations/create-automations/webhook and, for runs and metrics, of its
 * sibling page on prompts. `${artifact_metadata.KEY}` comes on top: {@link wandbMetadata}.
 */
export const WANDB_WORDS = [
  'event_type',
  'event_author',
  'entity_name',
  'project_name',
  'automation_name',
  'artifact_collection_name',
  'artifact_version',
  'artifact_version_string',
  'artifact_version_index',
  'alias',
  'tag',
  'run_name',
  'run_status',
  'metric_name',
  'metric_value',
  'metric_values',
  'metric_filter',
  'metric_filter_short',
  'metric_current_status',
  'alert_name',
  'threshold',
  'comparison_op',
  'message',
] as const

/** The name of a word that a template may write. */
export type WandbWord = (typeof WANDB_WORDS)[number]

/**
 * Returns the value of every word of {@link WANDB_WORDS} for an event of any source; "" where it does not apply. The words that a
 * W&B body said itself (`flat`) win over what was understood of it.
 */
export function wandbWords(event: ModelEvent, flat: Record<string, string>): Record<WandbWord, string> {
  const known = eventWords(event)
  const own = new Map(event.source.type === 'wandb' ? Object.entries(flat) : [])
  const words = WANDB_WORDS.map((word) => [word, own.get(word) || known.get(word) || otherWord(event, word)])
  return Object.fromEntries(words) as Record<WandbWord, string>
}

/** Returns the value of `${artifact_metadata.KEY}`: text as it is, anything else as JSON, "" where there is none. */
export function wandbMetadata(event: ModelEvent, key: string): string {
  return textOfValue(new Map(Object.entries(event.metadata)).get(key))
}

function eventWords({ type, author, source, model, change }: ModelEvent): Map<WandbWord, string | null> {
  const id = source.type === 'wandb' ? (model?.id ?? null) : null
  return new Map([
    ['event_type', type],
    ['event_author', author],
    ['entity_name', model?.entity ?? null],
    ['project_name', model?.project ?? null],
    ['artifact_collection_name', model?.name ?? null],
    ['artifact_version', id === null ? null : formatArtifactUri({ base_url: null, id })],
    ['artifact_version_string', model?.reference ?? model?.pinned ?? null],
    ['artifact_version_index', /^v?(\d+)$/.exec(model?.version ?? '')?.[1] ?? null],
    ['alias', change.alias],
    ['tag', change.tag],
  ])
}

/** Words that W&B's events hold under `run` (without the prefix `run_`), or among what no field took. */
function otherWord({ source, run, extra }: ModelEvent, word: WandbWord): string {
  if (source.type !== 'wandb') return ''
  const held = new Map(Object.entries(run ?? {})).get(word.replace(/^run_/, ''))
  return textOfValue(held) || textOfValue(new Map(Object.entries(extra)).get(word))
}

function textOfValue(value: Json | undefined): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
