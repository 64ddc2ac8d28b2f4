import { z } from 'zod'
import type { TypeTables } from '../../config/schema.ts'
import { route, type Route } from '../route.ts'
import { listOf, time } from './schemas.ts'
import { time as timeText } from './shapes.ts'

const source = z
  .object({
    name: z.string(),
    type: z.string(),
    url: z.string().describe('Where it sends to; a path alone while PUBLIC_URL is not set.'),
    insecure: z.boolean().describe('It takes requests that nobody can verify, on purpose.'),
    last_event: z.object({ id: z.string(), type: z.string(), received_at: time }).nullable(),
    secrets: z
      .array(
        z.object({
          position: z.int().describe('Of the secret in the configuration, counted from 1.'),
          last_event_at: time.nullable().describe('When one of the latest 50 events was signed with it.'),
        }),
      )
      .describe('Which secrets are still in use: the former one of a rotation can go when it is not.'),
    refusals: z
      .array(
        z.object({
          at: time,
          status: z.int(),
          reason: z.string().describe('Why, with what the sender probably got wrong.'),
        }),
      )
      .describe('The last 20 requests that this replica refused, newest first.'),
    guide: z.string().nullable().describe('The steps on the side of the registry, in Markdown.'),
  })
  .meta({ id: 'Source' })

const listSources = ({ sources: types }: TypeTables) =>
  route({
    id: 'listSources',
    method: 'get',
    path: '/sources',
    tag: 'sources',
    summary: 'Lists the sources: last event, last refusals, and which secret was used last.',
    role: 'read',
    limited: 'refused',
    answers: { 200: listOf(source, 'Every source, by name.') },
  }).handle(async (_, { store, runtime, refusals, public_url }) => {
    const { sources } = runtime().config
    const names = [...sources.keys()].sort()
    const activity = await store.sourceActivity({ sources: names })
    const items = names.map((name) => {
      const { type = '', insecure = false, credentials } = sources.get(name) ?? {}
      const seen = activity[name] ?? []
      const [last] = seen
      const url = `${public_url ?? ''}/webhooks/${name}`
      const lastWith = (index: number) => seen.find((one) => one.verified_with === index)?.received_at ?? null
      return {
        ...{ name, type, insecure, url },
        guide: types.get(type)?.setup.replaceAll('{url}', url) ?? null,
        last_event:
          last === undefined
            ? null
            : { id: last.id, type: last.type, received_at: timeText(last.received_at) },
        secrets: (credentials?.secrets ?? []).map((_secret, index) => {
          const at = lastWith(index)
          return { position: index + 1, last_event_at: at === null ? null : timeText(at) }
        }),
        refusals: refusals
          .of(name)
          .map(({ at, status, reason }) => ({ at: timeText(at), status, reason }))
          .reverse(),
      }
    })
    return { status: 200, body: { items, next_cursor: null } }
  })

/** Returns the routes of sources; their guides are the types' own. */
export function sourceRoutes(types: TypeTables): readonly Route[] {
  return [listSources(types)]
}
