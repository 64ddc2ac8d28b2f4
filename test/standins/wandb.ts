import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buildSchema, graphql, type GraphQLSchema } from 'graphql'

/** The API key that the stand-in takes. */
export const WANDB_API_KEY = 'local-0123456789abcdef0123456789abcdef01234567'

const read = (name: string) =>
  readFileSync(new URL(`../fixtures/schemas/wandb/${name}.graphql`, import.meta.url), 'utf8')

/** What the schemas know: that of `@wandb/sdk` 0.5.1, and today's. */
export const WANDB_SCHEMAS = {
  older: read('artifacts'),
  newer: `${read('artifacts')}\n${read('artifacts-newer')}`,
}

/** An artifact version as the stand-in keeps it. */
export interface StoredArtifact {
  id: string
  /** Of the collection that it was made in. */
  version: number
  /** How each collection holds it: by its path `entity/project/name`. */
  collections: Readonly<Record<string, { version: number; aliases: readonly string[] }>>
  metadata?: string | null
  type?: string
  tags?: readonly string[]
  run?: { name: string; displayName: string; state: string } | null
}

/** W&B's GraphQL API on loopback, executed by `graphql` over W&B's own schema. */
export interface StandInWandb {
  url: string
  /** By id. */
  artifacts: Map<string, StoredArtifact>
  /** The GraphQL requests that arrived, with their parsed bodies. */
  asked: { query: string; variables: Record<string, string> }[]
  /** Answers the requests to come in another way; true: it has been answered. */
  misbehave(how: ((asked: StandInWandb['asked'][number], response: ServerResponse) => boolean) | null): void
  close(): Promise<void>
}

/** Starts it. `schema`: what this server knows. */
export async function startWandb({ schema = WANDB_SCHEMAS.newer } = {}): Promise<StandInWandb> {
  const built = buildSchema(schema)
  const artifacts = new Map<string, StoredArtifact>()
  const asked: StandInWandb['asked'] = []
  let how: Parameters<StandInWandb['misbehave']>[0] = null
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (request.headers.authorization !== `Basic ${Buffer.from(`api:${WANDB_API_KEY}`).toString('base64')}`) {
      response.writeHead(401).end('{"errors":[{"message":"user is not logged in"}]}')
      return
    }
    const body = JSON.parse(Buffer.concat(chunks).toString()) as (typeof asked)[number]
    asked.push(body)
    if (how?.(body, response) === true) return
    const result = await execute(built, body, artifacts)
    // W&B answers 400 where the text does not fit its schema, and 200 otherwise.
    response.writeHead('data' in result ? 200 : 400, { 'content-type': 'application/json' })
    response.end(JSON.stringify(result))
  }
  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    artifacts,
    asked,
    misbehave(next) {
      how = next
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function execute(
  schema: GraphQLSchema,
  { query, variables }: StandInWandb['asked'][number],
  artifacts: ReadonlyMap<string, StoredArtifact>,
) {
  const rootValue = {
    artifact: ({ id }: { id: string }) => shown(artifacts.get(id)),
    project: ({ name: project, entityName }: { name: string; entityName: string }) => {
      const find = ({ name }: { name: string }) => {
        const [collection = '', ref = ''] = name.split(':')
        return [...artifacts.values()].find(({ collections }) => {
          const held = collections[`${entityName}/${project}/${collection}`]
          return held !== undefined && (`v${held.version}` === ref || held.aliases.includes(ref))
        })
      }
      return {
        artifact: (args: { name: string }) => shown(find(args)),
        artifactCollectionMembership: (args: { name: string }) => {
          const found = find(args)
          return found === undefined ? null : { artifact: shown(found) }
        },
      }
    },
  }
  return graphql({ schema, source: query, rootValue, variableValues: variables })
}

function shown(artifact: StoredArtifact | undefined) {
  if (artifact === undefined) return null
  const { id, version, collections, metadata = null, type = 'model', tags = [], run = null } = artifact
  const held = Object.entries(collections).map(([path, membership]) => ({
    collection: collectionOf(path),
    ...membership,
  }))
  return {
    id,
    versionIndex: version,
    metadata,
    description: null,
    size: 1024,
    digest: 'abc123',
    state: 'COMMITTED',
    createdAt: '2026-11-01T00:00:00Z',
    artifactType: { name: type },
    tags: tags.map((name) => ({ name })),
    artifactSequence: held[0]?.collection,
    aliases: held.flatMap(({ collection, aliases }) =>
      aliases.map((alias) => ({ alias, artifactCollection: collection })),
    ),
    createdBy:
      run === null
        ? { __typename: 'User', name: 'jane' }
        : { __typename: 'Run', ...run, project: held[0]?.collection.project },
    artifactMemberships: {
      edges: held.map((membership) => ({
        node: {
          versionIndex: membership.version,
          aliases: membership.aliases.map((alias) => ({ alias })),
          artifactCollection: membership.collection,
        },
      })),
    },
  }
}

function collectionOf(path: string) {
  const [entity = '', project = '', name = ''] = path.split('/')
  const __typename = project.startsWith('wandb-registry-') ? 'ArtifactPortfolio' : 'ArtifactSequence'
  const organization = { name: 'Acme Corp' }
  return { __typename, name, project: { name: project, entity: { name: entity, organization } } }
}
