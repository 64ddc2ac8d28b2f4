/**
 * The queries for W&B's GraphQL API. Every field occurs in W&B's own SDK (wandb/sdk/artifacts/_generated/operations.py of
 * 0.31); a self-hosted server can be too old for any of those that are optional, and is then asked without them.
 * https://github.com/wandb/wandb
 */
import type { JsonObject } from '../../../src/contract/model-event.ts'

/** Without these nothing can be said of a version: a server that lacks one cannot be asked. */
const REQUIRED: ReadonlySet<string> = new Set([
  'artifact',
  'id',
  'metadata',
  'name',
  'project',
  'entity',
  'edges',
  'node',
])

/** Which artifact is meant: by its global id, or by its path with a version or alias. */
export type Wanted = { id: string } | { entity: string; project: string; name: string }

/** Returns the body of the request; `without` are fields that the server does not know. */
export function queryFor(wanted: Wanted, without: ReadonlySet<string>): JsonObject {
  const artifact = artifactFields(without)
  if ('id' in wanted)
    return {
      operationName: 'ModelDispatchArtifact',
      query: `query ModelDispatchArtifact($id: ID!) { artifact(id: $id) { ${artifact} } }`,
      variables: { id: wanted.id },
    }
  const { entity, project, name } = wanted
  // The SDK of 2024 asks for `artifact(name:)`; that of today for the membership, which a link has as well.
  const held = without.has('artifactCollectionMembership')
    ? `artifact(name: $name) { ${artifact} }`
    : `artifactCollectionMembership(name: $name) { artifact { ${artifact} } }`
  return {
    operationName: 'ModelDispatchArtifactByName',
    query: `query ModelDispatchArtifactByName($entity: String!, $project: String!, $name: String!) {
      project(name: $project, entityName: $entity) { ${held} } }`,
    variables: { entity, project, name },
  }
}

function artifactFields(without: ReadonlySet<string>): string {
  const optional = (field: string, inner = '') =>
    without.has(field) ? '' : inner === '' ? field : `${field} { ${inner} }`
  const project = `project { name entity { name ${optional('organization', 'name')} } }`
  const run = `name ${optional('displayName')} ${optional('state')} ${project}`
  return [
    'id metadata',
    ...['versionIndex', 'description', 'size', 'digest', 'state', 'createdAt'].map((field) =>
      optional(field),
    ),
    optional('artifactType', 'name'),
    optional('tags', 'name'),
    optional('artifactSequence', `name ${project}`),
    optional('aliases', `alias ${optional('artifactCollection', `name ${project}`)}`),
    optional('createdBy', `__typename ... on Run { ${run} }`),
    optional(
      'artifactMemberships',
      `edges { node { versionIndex aliases { alias } artifactCollection { name ${project} } } }`,
    ),
  ].join(' ')
}

/** Returns the fields that a server says it does not know, of those that it can be asked without. */
export function unknownFields(messages: readonly string[]): string[] {
  return messages
    .flatMap((message) => [...message.matchAll(/Cannot query field ["'](\w{1,60})["']/g)])
    .flatMap(([, field]) => (field === undefined || REQUIRED.has(field) ? [] : [field]))
}
