import { textOf } from '../clean-json.ts'
import type { Disagreement } from '../disagreement.ts'
import type { ModelEvent, ModelRef } from '../model-event.ts'
import { formatArtifactUri, immutableVersion, parseArtifactPath, registryOfProject } from './reference.ts'

const PATH_WORD = 'artifact_version_string'

/**
 * Returns what an event of W&B says twice and differently: its words against the path in `artifact_version_string`,
 * and a word against the same word in another spelling or place of the body.
 */
export function disagreementsOfWandb(event: ModelEvent): Disagreement[] {
  const { model } = event
  const paths = new Set([model?.reference ?? null, model?.pinned ?? null])
  return [
    ...[...paths].flatMap((path) => (path === null || model === null ? [] : againstPath(path, model, event))),
    ...againstRegistry(model),
    ...againstRepeats(event),
  ]
}

function againstPath(text: string, model: ModelRef, { change }: ModelEvent): Disagreement[] {
  const isPinned = text !== model.reference
  const other = { other_word: isPinned ? 'the pinned reference' : PATH_WORD, other_says: text }
  const path = parseArtifactPath(text)
  if (path === null) return againstUnreadable(model).map((disagreement) => ({ ...disagreement, ...other }))
  const pairs: [word: string, says: string | null, meant: string | null][] = [
    ['entity_name', model.entity, path.entity],
    ['project_name', model.project, path.project],
    ['artifact_collection_name', model.name, path.name],
    ['artifact_version_index', model.version, immutableVersion(path.ref)],
    ['alias', isPinned ? null : change.alias, aliasMeant(path.ref, change.alias)],
  ]
  return pairs.flatMap(([word, says, meant]) =>
    says === null || meant === null || says === meant ? [] : [{ word, says, ...other }],
  )
}

/** Returns a disagreement for a text that is no path of W&B's: whatever the words say, it cannot be checked by them. */
function againstUnreadable({ entity, project, name }: ModelRef): Pick<Disagreement, 'word' | 'says'>[] {
  if (name !== null) return [{ word: 'artifact_collection_name', says: name }]
  if (project !== null) return [{ word: 'project_name', says: project }]
  return entity === null ? [] : [{ word: 'entity_name', says: entity }]
}

/**
 * Returns the alias that a path's ref stands for. `v3` is any alias of that version, unless the alias is a version
 * itself.
 */
function aliasMeant(ref: string | null, alias: string | null): string | null {
  return immutableVersion(ref) !== null && immutableVersion(alias) === null ? null : ref
}

function againstRegistry(model: ModelRef | null): Disagreement[] {
  const { registry = null, project = null } = model ?? {}
  if (registry === null || project === null || registryOfProject(project) === registry) return []
  return [{ word: 'the registry', says: registry, other_word: 'project_name', other_says: project }]
}

/**
 * Returns the words that stand in the body a second time with another value: in another spelling, or both at the top
 * and in `client_payload`. Only then is a word that the event has taken found among its extras ({@link
 * WandbFields.leftovers}).
 */
function againstRepeats({ author, model, change, extra }: ModelEvent): Disagreement[] {
  const extras = Object.entries(extra)
  if (extras.length === 0) return []
  const words = new Map([
    ['event_author', author],
    ['entity_name', model?.entity ?? null],
    ['project_name', model?.project ?? null],
    ['artifact_collection_name', model?.name ?? null],
    ['artifact_version_index', model?.version ?? null],
    ['artifact_version', model?.id == null ? null : formatArtifactUri({ base_url: null, id: model.id })],
    [PATH_WORD, model?.reference ?? null],
    ['alias', change.alias],
    ['tag', change.tag],
  ])
  return extras.flatMap(([key, value]) => {
    const [says, other] = [words.get(key.toLowerCase()) ?? null, textOf(value)]
    if (says === null || other === null) return []
    return [{ word: key.toLowerCase(), says, other_word: `another ${key}`, other_says: other }]
  })
}
