/** Asks W&B's GraphQL API about an artifact version. */
import { isObject, textOf } from '../../../src/contract/clean-json.ts'
import type { JsonObject, ModelRef } from '../../../src/contract/model-event.ts'
import { parseArtifactPath } from '../../../src/contract/wandb/reference.ts'
import { LookupTrouble, type Ask, type SourceLookup } from '../lookup.ts'
import { child, readArtifact } from './lookup-answer.ts'
import { queryFor, unknownFields, type Wanted } from './lookup-query.ts'

/** How often a server is asked with fewer fields at most. */
const FEWER = 4

/** Asks W&B, or a self-hosted server, for an artifact version. */
export const wandbLookup: SourceLookup = {
  base_url: 'https://api.wandb.ai',
  needs_key: true,
  key_help: 'The API key of a service account or user that may read the registry.',
  authorization: (key) => `Basic ${Buffer.from(`api:${key}`).toString('base64')}`,
  async find({ model }, { ask, base_url }) {
    const wanted = model === null ? null : wantedOf(model)
    if (model === null || wanted === null) return null
    const artifact = await artifactOf(wanted, ask)
    // A server in W&B's place may answer wrongly: an answer about something else is not believed.
    if ('id' in wanted && textOf(artifact['id']) !== wanted.id) throw another('artifact', wanted.id)
    const found = readArtifact(artifact, model, base_url)
    const { version = null } = found.model
    if (version !== null && model.version !== null && version !== model.version)
      throw another('version', model.version)
    return found
  },
}

/** The id names one version for good; an alias in the path names whichever holds it when W&B is asked. */
function wantedOf({ id, entity, project, name, version, reference }: ModelRef): Wanted | null {
  if (id !== null) return { id }
  const ref = version ?? parseArtifactPath(reference ?? '')?.ref ?? null
  if (entity === null || project === null || name === null || ref === null) return null
  return { entity, project, name: `${name}:${ref}` }
}

/** Asks for all fields, then without those that an older server does not know. @throws LookupTrouble */
async function artifactOf(wanted: Wanted, ask: Ask): Promise<JsonObject> {
  const without = new Set<string>()
  for (let asked = 0; ; asked += 1) {
    const { status, body } = await ask({ method: 'POST', path: '/graphql', body: queryFor(wanted, without) })
    const messages = errorsOf(body)
    const unknown = unknownFields(messages).filter((field) => !without.has(field))
    if (unknown.length > 0 && asked < FEWER) {
      for (const field of unknown) without.add(field)
      continue
    }
    if (messages.length > 0) throw denied(messages)
    const artifact = heldBy(body)
    if (artifact !== null) return artifact
    if (status === 200 && isObject(body['data'])) throw missing(wanted)
    throw new LookupTrouble({
      message: `W&B answered ${status} without data`,
      fix: 'Check that `base_url` is the address of the W&B API: https://api.wandb.ai, or your own server.',
    })
  }
}

function errorsOf({ errors }: JsonObject): string[] {
  return (Array.isArray(errors) ? errors : []).map(
    (error) => (isObject(error) ? textOf(error['message']) : null) ?? 'an error without a message',
  )
}

function denied(messages: readonly string[]): LookupTrouble {
  return new LookupTrouble({
    message: `W&B answers with an error: ${messages.join('; ')}`,
    fix: 'Check that the API key may read this project or registry in W&B.',
  })
}

function missing(wanted: Wanted): LookupTrouble {
  const which = 'id' in wanted ? wanted.id : `${wanted.entity}/${wanted.project}/${wanted.name}`
  return new LookupTrouble(
    {
      message: `W&B knows no artifact version ${which}, or does not show it to this API key`,
      fix: 'If it exists, give the owner of the API key access to its project or registry, then replay the event.',
    },
    { missing: true },
  )
}

/** Returns the artifact in an answer, wherever the question asked for it. */
function heldBy({ data }: JsonObject): JsonObject | null {
  const top = child(data, 'artifact') ?? child(child(data, 'project'), 'artifact')
  return top ?? child(child(child(data, 'project'), 'artifactCollectionMembership'), 'artifact')
}

function another(what: string, wanted: string): LookupTrouble {
  return new LookupTrouble({
    message: `W&B answered about another ${what} than ${wanted}`,
    fix: 'Look at what stands between the receiver and W&B: a cache or a proxy may answer in its place.',
  })
}
