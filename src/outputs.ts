import type { ReceivedEnvelope } from './contract/read-client-payload.ts'
import { NO_CHANGE, NO_MODEL, type EventKind, type ModelEvent } from './contract/model-event.ts'
import { flawOf, isSafe, safeText, safeUrl } from './safe-values.ts'

/** Every output of action.yml, those that every workflow needs first. Each is always set. */
export const OUTPUT_NAMES = [
  'matched',
  'reason',
  'kind',
  'model',
  'artifact',
  'environment',
  'message',
  'title',
  'event',
  'source',
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
  'entity',
  'project',
  'registry',
  'collection',
  'version',
  'previous-version',
  'alias',
  'tag',
  'tags',
  'stage',
  'previous-stage',
  'artifact-pinned',
  'artifact-id',
  'author',
  'url',
  'metadata',
  'parameters',
  'delivery-id',
  'dedupe-key',
  'subject-key',
  'json',
] as const
/** The name of an output of the Action. */
export type OutputName = (typeof OUTPUT_NAMES)[number]
/** Every output, each a text. */
export type Outputs = Record<OutputName, string>

/** The kind that each `is-…` output stands for, and nothing else. */
const KIND_OUTPUTS = {
  'is-link': 'version.linked',
  'is-unlink': 'version.unlinked',
  'is-alias': 'alias.added',
  'is-alias-removed': 'alias.removed',
  'is-tag': 'tag.added',
  'is-tag-removed': 'tag.removed',
  'is-stage': 'stage.changed',
  'is-stage-request': 'stage.requested',
  'is-version-created': 'version.created',
} as const satisfies Partial<Record<OutputName, EventKind>>

/** The outputs that a deployment acts on: empty unless the step matched, so that an unguarded step has nothing to deploy. */
const ONLY_WHEN_MATCHED = [
  'artifact',
  'artifact-pinned',
  'artifact-id',
  'version',
  'environment',
  'url',
] as const

/** The outputs of a step that found no event: booleans `false`, JSON empty, texts empty. */
export function emptyOutputs(): Outputs {
  const texts = OUTPUT_NAMES.map((name) => [name, name.startsWith('is-') ? 'false' : ''])
  const empty = { matched: 'false', tags: '[]', metadata: '{}', parameters: '{}', json: '{}' }
  return { ...(Object.fromEntries(texts) as Outputs), ...empty }
}

/** An output that was left empty because `strict` refuses its value, and what is wrong with that value. */
export interface Refusal {
  output: OutputName
  flaw: string
}

/** The outputs of an event, and those that `strict` refused. */
export interface EventOutputs {
  outputs: Outputs
  refused: Refusal[]
}

/** The outputs of an event, before it is decided whether it matches (`matched`, `reason`, `message`, `environment`). */
export function eventOutputs(event: ModelEvent, envelope: ReceivedEnvelope, strict: boolean): EventOutputs {
  const { outputs, refused } = strict ? strictTexts(event, envelope) : looseTexts(event, envelope)
  const flags = Object.entries(KIND_OUTPUTS).map(
    ([name, kind]) => [name, String(event.kind === kind)] as const,
  )
  return {
    outputs: {
      ...emptyOutputs(),
      ...outputs,
      ...Object.fromEntries(flags),
      'is-test': String(event.test),
      metadata: JSON.stringify(event.metadata),
      parameters: JSON.stringify(envelope.parameters),
      json: JSON.stringify({ ...event, ...envelope }),
    },
    refused,
  }
}

/** The outputs without what only a matched event may give. */
export function withoutTargets(outputs: Outputs): Outputs {
  return { ...outputs, ...Object.fromEntries(ONLY_WHEN_MATCHED.map((name) => [name, ''])) }
}

interface Texts {
  outputs: Partial<Outputs>
  refused: Refusal[]
}

function looseTexts(event: ModelEvent, envelope: ReceivedEnvelope): Texts {
  const texts = { title: event.title, url: event.model?.url ?? '', tags: JSON.stringify(event.change.tags) }
  return { outputs: { ...plainTexts(event, envelope), ...texts }, refused: [] }
}

function strictTexts(event: ModelEvent, envelope: ReceivedEnvelope): Texts {
  const texts = Object.entries(plainTexts(event, envelope)) as [OutputName, string][]
  const decisive = texts.filter(([name]) => name !== 'author')
  const tags = event.change.tags.map((tag) => ['tags', tag] as [OutputName, string])
  const refused = [...decisive, ...tags]
    .filter(([, text]) => !isSafe(text))
    .map(([output, text]) => ({ output, flaw: flawOf(text) }))
  const others = {
    title: safeText(event.title),
    url: safeUrl(event.model?.url ?? ''),
    tags: JSON.stringify(event.change.tags.every(isSafe) ? event.change.tags : []),
  }
  return { outputs: { ...Object.fromEntries(texts.filter(([, text]) => isSafe(text))), ...others }, refused }
}

/**
 * The single values that `strict` judges. Each may be a path, an argument or a gate of a workflow, so one that is
 * refused stops the step from matching; but for the author: nothing is made of a person's name, which may be O'Brien.
 */
function plainTexts(event: ModelEvent, envelope: ReceivedEnvelope): Partial<Outputs> {
  const model = event.model ?? NO_MODEL
  const change = { ...NO_CHANGE, ...event.change }
  return {
    event: event.type,
    kind: event.kind,
    source: event.source.name,
    entity: model.entity ?? '',
    project: model.project ?? '',
    registry: model.registry ?? '',
    model: model.name ?? '',
    collection: model.name ?? '',
    version: model.version ?? '',
    'previous-version': change.previous_version ?? '',
    alias: change.alias ?? '',
    tag: change.tag ?? '',
    stage: change.to_stage ?? '',
    'previous-stage': change.from_stage ?? '',
    artifact: model.reference ?? '',
    'artifact-pinned': model.pinned ?? '',
    'artifact-id': model.id ?? '',
    author: event.author ?? '',
    'delivery-id': envelope.delivery_id,
    'dedupe-key': envelope.dedupe_key,
    'subject-key': envelope.subject_key,
  }
}
