/** The content of an answer of W&B's API about an artifact version. */
import { cleanObject, isObject, textOf } from '../../../src/contract/clean-json.ts'
import type { Json, JsonObject, ModelRef } from '../../../src/contract/model-event.ts'
import { formatArtifactPath } from '../../../src/contract/wandb/reference.ts'
import { facts, type LookedUp } from '../lookup.ts'
import { runUrl, versionUrl, type Collection } from './urls.ts'

/** The version in one collection: a registry counts its versions by itself. */
interface Membership {
  collection: Collection
  version: string | null
  aliases: string[]
}

/** Returns what W&B says about the version of `model`. Never throws on any JSON. */
export function readArtifact(artifact: JsonObject, model: ModelRef, base_url: string): LookedUp {
  const membership = membershipOf(artifact, model)
  const version = membership?.version ?? model.version
  const type = textOf(child(artifact, 'artifactType')?.['name'])
  const aliases = membership?.aliases ?? null
  const { description, digest, size, state, createdAt } = artifact
  return {
    model: {
      type,
      version,
      id: textOf(artifact['id']),
      pinned: version === null ? null : pinnedOf(model, version),
      url: membership === null ? null : versionUrl(base_url, { ...membership, type }),
    },
    run: runOf(child(artifact, 'createdBy'), base_url),
    metadata: metadataOf(artifact['metadata']),
    facts: facts({
      aliases: aliases ?? undefined,
      tags: Array.isArray(artifact['tags'])
        ? artifact['tags'].flatMap((tag) => nameOf(tag) ?? [])
        : undefined,
      ...{ description, digest, size, state, created_at: createdAt, source: sourceOf(artifact) },
    }),
    aliases,
  }
}

/** Returns the object under a key; null where there is none. */
export function child(value: Json | null | undefined, key: string): JsonObject | null {
  const found = isObject(value ?? undefined) ? (value as JsonObject)[key] : undefined
  return isObject(found) ? found : null
}

const nameOf = (value: Json | null) =>
  isObject(value ?? undefined) ? textOf((value as JsonObject)['name']) : null

function pinnedOf({ entity, project, name }: ModelRef, ref: string): string | null {
  return name === null ? null : formatArtifactPath({ entity, project, name, ref })
}

/** The version where it was made: what a registry shows is a link to it. */
function sourceOf(artifact: JsonObject): string | undefined {
  const collection = collectionOf(child(artifact, 'artifactSequence'))
  return collection === null
    ? undefined
    : formatArtifactPath({ ...collection, ref: versionOf(artifact['versionIndex']) })
}

function runOf(creator: JsonObject | null, base_url: string): JsonObject | null {
  const id = textOf(creator?.['name'])
  if (creator === null || id === null || creator['__typename'] !== 'Run') return null
  const project = child(creator, 'project')
  const place = { entity: nameOf(child(project, 'entity')), project: nameOf(project), id }
  const { displayName, state } = creator
  return facts({ ...place, name: displayName, status: state, url: runUrl(base_url, place) })
}

/** W&B keeps metadata as JSON text, in which Python writes NaN and Infinity as they are. */
function metadataOf(text: Json | undefined): JsonObject {
  if (typeof text !== 'string') return {}
  // A text that is never closed is one part as well: searched for anew from each of its quotes, it would take minutes.
  const numbers = text.replace(/"(?:[^"\\]|\\.)*"?|-?\b(?:NaN|Infinity)\b/gs, (part) =>
    part.startsWith('"') ? part : 'null',
  )
  try {
    const value = JSON.parse(numbers) as Json
    return isObject(value) ? cleanObject(Object.entries(value)) : {}
  } catch {
    return {}
  }
}

/**
 * Returns how the event's collection holds the version. W&B redirects paths of its former registry, so that the project
 * of the answer may be another one: the name then decides. Null where no collection of that name holds it.
 */
function membershipOf(artifact: JsonObject, model: ModelRef): Membership | null {
  const all = membershipsOf(artifact)
  const named = all.filter(({ collection }) => collection.name === model.name)
  const same = named.find(
    ({ collection: { entity, project } }) => entity === model.entity && project === model.project,
  )
  if (same !== undefined) return same
  return named.length === 1 ? (named[0] ?? null) : null
}

function membershipsOf(artifact: JsonObject): Membership[] {
  const edges = child(artifact, 'artifactMemberships')?.['edges']
  if (!Array.isArray(edges)) return olderMembershipsOf(artifact)
  return edges.flatMap((edge) => {
    const node = child(edge, 'node')
    const collection = collectionOf(child(node, 'artifactCollection'))
    if (node === null || collection === null) return []
    const aliases = (Array.isArray(node['aliases']) ? node['aliases'] : []).flatMap(
      (alias) => aliasOf(alias) ?? [],
    )
    return [{ collection, version: versionOf(node['versionIndex']), aliases }]
  })
}

/** The answer of a server without memberships: the collection that the version was made in, and each alias with its own. */
function olderMembershipsOf(artifact: JsonObject): Membership[] {
  const source = collectionOf(child(artifact, 'artifactSequence'))
  const found = new Map<string, Membership>()
  const holding = (collection: Collection) => {
    const key = JSON.stringify([collection.entity, collection.project, collection.name])
    const isSource = source !== null && key === JSON.stringify([source.entity, source.project, source.name])
    const version = isSource ? versionOf(artifact['versionIndex']) : null
    const membership = found.get(key) ?? { collection, version, aliases: [] }
    found.set(key, membership)
    return membership
  }
  if (!Array.isArray(artifact['aliases'])) return []
  if (source !== null) holding(source)
  for (const alias of artifact['aliases']) {
    const collection = collectionOf(child(alias, 'artifactCollection'))
    const name = aliasOf(alias)
    if (collection !== null && name !== null) holding(collection).aliases.push(name)
  }
  return [...found.values()]
}

const aliasOf = (value: Json) => (isObject(value) ? textOf(value['alias']) : null)

const versionOf = (index: Json | undefined) =>
  typeof index === 'number' && Number.isSafeInteger(index) && index >= 0 ? `v${index}` : null

function collectionOf(value: JsonObject | null): Collection | null {
  const name = textOf(value?.['name'])
  const project = child(value, 'project')
  const entity = child(project, 'entity')
  if (name === null) return null
  return {
    name,
    project: textOf(project?.['name']),
    entity: textOf(entity?.['name']),
    organization: textOf(child(entity, 'organization')?.['name']),
  }
}
