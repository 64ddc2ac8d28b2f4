import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendDatabricks, sendWandb } from '../support/send.ts'

const CONFIG = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
  databricks: { type: databricks, secrets: ['\${env:DATABRICKS_WEBHOOK_SECRET}'] }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
automations:
  - name: deploy
    sources: [wandb]
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production }
    if: has(event.metadata.accuracy) && double(event.metadata.accuracy) > 0.9
    destinations: [{ type: repository_dispatch, repository: acme/serving }]
  - name: comments
    sources: [databricks]
    events: [comment.created]
    destinations: [{ type: repository_dispatch, repository: acme/serving }]
`

interface EventShape {
  id: string
  source: string
  type: string
  kind: string
  status: string
  received_at: string
  deliveries: { id: string; automation: string }[]
}

let scene: Scene
/** Ids of the events sent, in order. */
const sent: string[] = []
beforeAll(async () => {
  scene = await startScene({ config: CONFIG })
  const good = aliasBody({ metadata: { accuracy: '0.95' } })
  for (const body of [good, aliasBody({ alias: 'staging' }), aliasBody({ metadata: { accuracy: 0.5 } }), {}])
    sent.push(String((await sendWandb(scene.receiver.url, body)).body['event_id']))
  for (const event of ['COMMENT_CREATED', 'REGISTERED_MODEL_CREATED']) {
    const { body } = await sendDatabricks(scene.receiver.url, { event, model_name: 'm' })
    sent.push(String(body['event_id']))
  }
})
afterAll(() => scene.close())

const list = async (query: string) => {
  const { status, body } = await scene.receiver.api(`/api/v1/events${query}`)
  expect(status, JSON.stringify(body)).toBe(200)
  return body as { items: EventShape[]; next_cursor: string | null }
}
const placesOf = (items: readonly { id: string }[]) => items.map(({ id }) => sent.indexOf(id))

describe('GET /api/v1/events', () => {
  it('lists events, newest first, each with its ModelEvent and deliveries', async () => {
    const { items, next_cursor } = await list('')
    expect(placesOf(items)).toEqual([5, 4, 3, 2, 1, 0])
    expect(next_cursor).toBeNull()
    expect(items[5]).toMatchObject({
      source: 'wandb',
      type: 'ADD_ARTIFACT_ALIAS',
      kind: 'alias.added',
      status: 'matched',
      received_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      event: { schema: 'model-dispatch/1', id: sent[0], metadata: { accuracy: '0.95' } },
      deliveries: [{ automation: 'deploy', event_id: sent[0], destination: { type: 'repository_dispatch' } }],
    })
    expect(items[0]).not.toHaveProperty('raw')
    expect(items[0]).not.toHaveProperty('matches')
  })

  it.each([
    ['?source=databricks', [5, 4]],
    ['?type=ADD_ARTIFACT_ALIAS', [2, 1, 0]],
    ['?kind=comment.created', [4]],
    ['?automation=deploy', [0]],
    ['?status=matched', [4, 0]],
    ['?status=unmatched&source=wandb', [3, 2, 1]],
    ['?status=stale', []],
    ['?source=nobody', []],
  ])('is filtered: %s', async (query, expected) => {
    expect(placesOf((await list(query)).items)).toEqual(expected)
  })

  it('goes on page by page with its cursor, without gaps or repeats', async () => {
    const seen: number[] = []
    let cursor: string | null = ''
    for (let page = 0; cursor !== null; page++) {
      expect(page).toBeLessThan(4)
      const { items, next_cursor } = await list(`?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`)
      seen.push(...placesOf(items))
      cursor = next_cursor
    }
    expect(seen).toEqual([5, 4, 3, 2, 1, 0])
  })

  it.each([
    ['?limit=0', /limit/],
    ['?limit=201', /200/],
    ['?limit=ten', /limit/],
    ['?cursor=x', /next_cursor/],
    ['?sauce=wandb', /"sauce".*source/],
    ['?source=a&source=b', /once/],
    ['?status=lost', /status must be one of/],
  ])('refuses a query that cannot be: %s', async (query, detail) => {
    const { status, body } = await scene.receiver.api(`/api/v1/events${query}`)
    expect(status).toBe(400)
    expect(body).toMatchObject({ code: 'bad_query', detail: expect.stringMatching(detail) as string })
  })
})

describe('GET /api/v1/events/{id}', () => {
  const one = async (place: number) =>
    (await scene.receiver.api(`/api/v1/events/${String(sent[place])}`)).body

  it('has the raw body as it came, and why each automation matched or not', async () => {
    const event = await one(0)
    expect(JSON.parse(String(event['raw']))).toEqual(aliasBody({ metadata: { accuracy: '0.95' } }))
    expect(event['matches']).toMatchObject([
      {
        automation: 'deploy',
        matched: true,
        reasons: [
          'status: active',
          'source: "wandb"',
          'events: "ADD_ARTIFACT_ALIAS" is wanted by ADD_ARTIFACT_ALIAS',
          'filter.alias: "production" matches "production"',
          'if: true',
        ],
      },
      {
        automation: 'comments',
        matched: false,
        reasons: ['status: active', 'source: "wandb" is not one of databricks'],
        conditions: [
          { holds: true, reason: 'status: active' },
          { holds: false, reason: 'source: "wandb" is not one of databricks' },
          {
            holds: false,
            reason: 'events: "ADD_ARTIFACT_ALIAS" (alias.added) is not one of comment.created',
          },
        ],
      },
    ])
  })

  it('names the check that failed last', async () => {
    const lastReason = async (place: number) => {
      const [deploy] = (await one(place))['matches'] as { matched: boolean; reasons: string[] }[]
      expect(deploy?.matched).toBe(false)
      return deploy?.reasons.at(-1)
    }
    expect(await lastReason(1)).toBe('filter.alias: "staging" does not match "production"')
    expect(await lastReason(2)).toMatch(/^if: .* is false$/)
    expect(await lastReason(3)).toMatch(/^events: "UNKNOWN" \(other\) is not one of/)
  })

  it('is 404 for an event that does not exist', async () => {
    const { status, body } = await scene.receiver.api('/api/v1/events/evt_none')
    expect(status).toBe(404)
    expect(body).toMatchObject({ code: 'event_not_found' })
  })
})
