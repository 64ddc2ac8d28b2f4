import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createDatabase } from '../support/database.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

const server = inject('postgresUrl')

const CONFIG = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
automations:
  - name: deploy
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: [production, staging] }
    destinations:
      - { type: repository_dispatch, repository: acme/serving }
  - name: vision-notes
    events: [ADD_ARTIFACT_ALIAS]
    filter: { model: 'vision*', alias: production }
    destinations:
      - { type: repository_dispatch, repository: acme/notes }
admin:
  tokens:
    - { name: vision, secret: '\${env:VISION}', role: read, automations: ['vision-*'] }
`
const VISION = 'the-token-of-the-vision-team'
const EVENTS = [
  { model: 'vision-a', alias: 'production' },
  { model: 'vision-a', alias: 'staging' },
  { model: 'text-b', alias: 'production' },
  { model: 'text-b', alias: 'nobody' },
  { model: 'vision-a', alias: 'production' },
]

for (const store of ['SQLite', 'PostgreSQL']) {
  describe.skipIf(store === 'PostgreSQL' && server === null)(`lists on ${store}`, () => {
    let scene: Scene
    const sent: string[] = []
    const times: string[] = []
    beforeAll(async () => {
      const env = {
        VISION,
        ...(store === 'PostgreSQL' ? { DATABASE_URL: await createDatabase(server ?? '') } : {}),
      }
      scene = await startScene({ config: CONFIG, env })
      for (const [n, { model, alias }] of EVENTS.entries()) {
        const body = aliasBody({ alias, artifact_collection_name: model, event_author: `author-${n}` })
        sent.push(String((await sendWandb(scene.receiver.url, body)).body['event_id']))
        await new Promise((resolve) => setTimeout(resolve, 15))
        times.push(new Date().toISOString())
      }
    })
    afterAll(() => scene.close())
    const api = async (path: string, token?: string) =>
      await scene.receiver.api(
        `/api/v1${path}`,
        token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
      )
    const numbers = async (query: string, token?: string) => {
      const items = (await api(`/events${query}`, token)).body['items'] as { id: string }[]
      return items.map(({ id }) => sent.indexOf(id))
    }
    const delivered = async (query: string, token?: string) => {
      const items = (await api(`/deliveries${query}`, token)).body['items'] as {
        event_id: string
        automation: string
      }[]
      return items.map(({ event_id, automation }) => [sent.indexOf(event_id), automation])
    }

    it.each([
      ['?model=vision-a', [4, 1, 0]],
      ['?alias=production', [4, 2, 0]],
      ['?model=vision-a&alias=production', [4, 0]],
      ['?model=vision', []],
      ['?q=AUTHOR-2', [2]],
      ['?q=%25', []],
      ['?q=author-_', []],
      ['?automation=vision-notes', [4, 0]],
      ['?automation=deploy&model=text-b', [2]],
      ['?source=wandb&type=ADD_ARTIFACT_ALIAS&kind=alias.added&status=unmatched', [3]],
      ['?source=other', []],
    ])('of events have the filters model, alias, q, automation and so on: %s', async (query, expected) => {
      expect(await numbers(query)).toEqual(expected)
    })

    it('of events and deliveries have the filters since and until, each to the millisecond', async () => {
      expect(await numbers(`?since=${times[1] ?? ''}`)).toEqual([4, 3, 2])
      expect(await numbers(`?until=${times[1] ?? ''}`)).toEqual([1, 0])
      expect(await numbers(`?since=${times[0] ?? ''}&until=${times[2] ?? ''}`)).toEqual([2, 1])
      expect(await numbers('?since=2020-01-01')).toEqual([4, 3, 2, 1, 0])
      expect(await numbers('?until=2020-01-01')).toEqual([])
      expect(await numbers('?since=2099-01-01T00:00:00%2B02:00')).toEqual([])
      expect((await delivered(`?since=${times[1] ?? ''}`)).map(([n]) => n)).toEqual([4, 4, 2])
      expect((await delivered(`?until=${times[1] ?? ''}`)).map(([n]) => n)).toEqual([1, 0, 0])
    })

    it.each([
      ['?model=text-b', [[2, 'deploy']]],
      ['?alias=staging', [[1, 'deploy']]],
      ['?q=author-1', [[1, 'deploy']]],
      [
        '?destination=acme/notes&alias=production',
        [
          [4, 'vision-notes'],
          [0, 'vision-notes'],
        ],
      ],
      ['?automation=deploy&model=vision-a&limit=1', [[4, 'deploy']]],
      ['?status=succeeded&model=nobody', []],
    ])('of deliveries have the filters model, alias and q: %s', async (query, expected) => {
      expect(await delivered(query)).toEqual(expected)
    })

    it('go on where a page ends, whatever comes in between', async () => {
      const seen: number[] = []
      let cursor = ''
      do {
        const { body } = await api(`/deliveries?model=vision-a&limit=1${cursor}`)
        for (const { event_id } of body['items'] as { event_id: string }[]) seen.push(sent.indexOf(event_id))
        const next = body['next_cursor'] as string | null
        cursor = next === null ? '' : `&cursor=${next}`
        await sendWandb(
          scene.receiver.url,
          aliasBody({ alias: 'production', artifact_collection_name: 'later' }),
        )
      } while (cursor !== '')
      expect(seen).toEqual([4, 4, 1, 0, 0])
    })

    it('show a limited token its own automations alone, in events, deliveries and reasons', async () => {
      expect(await numbers('', VISION)).toEqual([4, 0])
      expect(await delivered('', VISION)).toEqual([
        [4, 'vision-notes'],
        [0, 'vision-notes'],
      ])
      const { body } = await api(`/events/${sent[0] ?? ''}`, VISION)
      expect((body['deliveries'] as { automation: string }[]).map((one) => one.automation)).toEqual([
        'vision-notes',
      ])
      expect((body['matches'] as { automation: string }[]).map((one) => one.automation)).toEqual([
        'vision-notes',
      ])
      expect((await api(`/events/${sent[2] ?? ''}`, VISION)).status).toBe(404)
      const [other] = (await api('/deliveries?automation=deploy')).body['items'] as { id: string }[]
      expect((await api(`/deliveries/${other?.id ?? ''}`, VISION)).status).toBe(404)
      expect(await delivered('?automation=deploy', VISION)).toEqual([])
    })

    it.each([
      ['?since=yesterday', 'since must be a time'],
      ['?since=2026-02-31T99:00:00Z', 'since must be a time'],
      ['?modle=x', 'no parameter "modle"'],
    ])('refuse what they do not know: %s', async (query, detail) => {
      const { status, body } = await api(`/events${query}`)
      expect([status, body['code']]).toEqual([400, 'bad_query'])
      expect(body['detail']).toContain(detail)
    })
  })
}
