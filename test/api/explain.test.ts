import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { explained } from '../../receiver/api/v1/trial-schemas.ts'
import { request } from '../support/http.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, DATABRICKS_SECRET, sendWandb, WANDB_SECRET } from '../support/send.ts'

const HOOK_SECRET = 'hook-secret-that-nobody-may-see'
const VISION = 'vision-token-of-the-tests-0001'
const DROP_IN = 'drop-in-token-of-the-tests-0001'
const CONFIG = `version: 1
sources:
  wandb: { type: wandb, secrets: [former-secret-of-wandb, '\${env:WANDB_WEBHOOK_SECRET}'] }
  databricks: { type: databricks, secrets: ['\${env:DATABRICKS_WEBHOOK_SECRET}'] }
dispatches: [{ access_token: ${DROP_IN}, source: wandb, repositories: ['acme/*'] }]
github: { main: { repositories: ['acme/*'] } }
admin: { tokens: [{ name: vision, secret: ${VISION}, role: read, automations: ['vision-*'] }] }
automations:
  - name: vision-deploy
    sources: [wandb]
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production, model: 'vision-*', author: jane }
    if: event.model.name != 'vision-old'
    destinations:
      - { type: webhook, url: 'https://deploy.example.com/\${artifact_collection_name}', authorization: '\${env:HOOK_SECRET}' }
  - name: notify
    sources: ['*']
    events: ['*']
    status: test_mode
    destinations: [{ type: slack, url: '\${env:SLACK_URL}' }]
`

let scene: Scene
beforeAll(async () => {
  const env = { HOOK_SECRET, SLACK_URL: `https://hooks.slack.com/services/${HOOK_SECRET}` }
  scene = await startScene({ config: CONFIG, env })
})
afterAll(() => scene.close())

interface Explained {
  event: string
  matched: string[]
  message: string
  model_event: { type: string }
  matches: {
    automation: string
    matched: boolean
    reasons: string[]
    conditions: { holds: boolean; reason: string }[]
  }[]
  requests: { automation: string; request: unknown }[]
}
interface Answered {
  verification: { ok: boolean; secret?: number; reason: string | null } | null
  events: Explained[]
}

async function explain(body: unknown, token?: string): Promise<Answered> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const answer = await scene.receiver.api('/api/v1/explain', { method: 'POST', body, headers })
  expect(answer.status, answer.text).toBe(200)
  expect(answer.text).not.toContain(HOOK_SECRET)
  z.array(explained).parse(answer.body['events'])
  return answer.body as unknown as Answered
}

const refused = (body: unknown) => scene.receiver.api('/api/v1/explain', { method: 'POST', body })
const vision = (parts = {}) => aliasBody({ artifact_collection_name: 'vision-1', ...parts })
const stored = async () => ((await scene.receiver.api('/api/v1/events')).body['items'] as unknown[]).length

/** The request that W&B would send, as a proxy would have recorded it. */
function recorded(body: string, secret = WANDB_SECRET) {
  const signature = createHmac('sha256', secret).update(body).digest('base64')
  return { headers: { 'X-Wandb-Signature': signature, 'Content-Type': 'application/json' }, body }
}

describe('POST /api/v1/explain', () => {
  it('explains a pasted body condition by condition, and shows what would be sent', async () => {
    const before = await stored()
    const { verification, events } = await explain({ source: 'wandb', body: vision() })
    expect(verification).toBeNull()
    expect(events).toMatchObject([
      {
        event: 'ADD_ARTIFACT_ALIAS',
        matched: ['vision-deploy'],
        message: 'vision-deploy -> webhook https://deploy.example.com/vision-1.',
        matches: [
          {
            automation: 'vision-deploy',
            matched: true,
            conditions: [
              { holds: true, reason: 'status: active' },
              { holds: true, reason: 'source: "wandb"' },
              { holds: true, reason: 'events: "ADD_ARTIFACT_ALIAS" is wanted by ADD_ARTIFACT_ALIAS' },
              { holds: true, reason: 'filter.model: "vision-1" matches "vision-*"' },
              { holds: true, reason: 'filter.author: "jane" matches "jane"' },
              { holds: true, reason: 'filter.alias: "production" matches "production"' },
              { holds: true, reason: 'if: true' },
            ],
          },
          {
            automation: 'notify',
            matched: false,
            reasons: ['status: test_mode fires only when it is tested'],
          },
        ],
        requests: [
          {
            automation: 'vision-deploy',
            request: {
              method: 'POST',
              url: 'https://deploy.example.com/vision-1',
              body: { kind: 'alias.added' },
            },
          },
        ],
      },
    ])
    expect(await stored()).toBe(before)
  })

  it('tells every condition that fails, not just the first', async () => {
    const { events } = await explain({
      source: 'wandb',
      body: vision({ alias: 'staging', event_author: 'joe' }),
    })
    const failed = events[0]?.matches[0]?.conditions.filter(({ holds }) => !holds).map(({ reason }) => reason)
    expect(failed).toEqual([
      'filter.author: "joe" does not match "jane"',
      'filter.alias: "staging" does not match "production"',
    ])
    expect(events[0]?.matches[0]?.reasons.at(-1)).toBe('filter.author: "joe" does not match "jane"')
  })

  it('explains a stored event as a replay of it would go', async () => {
    const { body } = await sendWandb(scene.receiver.url, vision({ alias: 'candidate' }))
    const id = String(body['event_id'])
    const { events } = await explain({ event: id })
    expect(events).toMatchObject([
      { matched: [], model_event: { replay_of: id, type: 'ADD_ARTIFACT_ALIAS' } },
    ])
    expect(events[0]?.message).toMatch(/Nearest: vision-deploy, because filter.alias: "candidate"/)
  })

  it("explains what came by GitHub's own route, and renders what was sent", async () => {
    const headers = { authorization: `Bearer ${DROP_IN}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ event_type: 'deploy', client_payload: { alias: 'production' } })
    const url = `${scene.receiver.url}/repos/acme/serving/dispatches`
    expect((await request(url, { method: 'POST', headers, body })).status).toBe(204)
    const { body: list } = await scene.receiver.api('/api/v1/events?limit=1')
    const [event] = list['items'] as { id: string }[]
    const { events } = await explain({ event: event?.id })
    expect(events).toMatchObject([
      {
        matches: [{ matched: true, conditions: [{ holds: true }] }],
        requests: [
          {
            request: {
              url: expect.stringMatching(/acme\/serving/) as string,
              body: { event_type: 'deploy' },
            },
          },
        ],
      },
    ])
  })

  it('says the same as ?dry_run=true', async () => {
    const dry = await sendWandb(scene.receiver.url, vision(), { source: 'wandb?dry_run=true' })
    const { events } = await explain({ source: 'wandb', body: vision() })
    const [{ matches, matched } = { matches: [], matched: [] }] = events
    expect(dry.body).toMatchObject({ matches, matched })
  })

  it('checks the signature of a recorded request on its bytes, and tells which secret verified it', async () => {
    const text = JSON.stringify(vision())
    const { verification, events } = await explain({ source: 'wandb', request: recorded(text) })
    expect(verification).toEqual({ ok: true, secret: 1, reason: null })
    expect(events[0]?.matched).toEqual(['vision-deploy'])
    const { headers } = recorded(text)
    const body_base64 = Buffer.from(text).toString('base64')
    expect(await explain({ source: 'wandb', request: { headers, body_base64 } })).toMatchObject({
      verification,
    })
  })

  it('explains a request that would be refused as well, and says what its sender got wrong', async () => {
    const request = recorded(JSON.stringify(vision()), `${WANDB_SECRET}\n`)
    const { verification, events } = await explain({ source: 'wandb', request })
    expect(verification).toMatchObject({ ok: false })
    expect(verification?.reason).toMatch(/signature/i)
    expect(events[0]?.matched).toEqual(['vision-deploy'])
    const changed = { ...recorded(JSON.stringify(vision())), body: JSON.stringify(vision({ alias: 'x' })) }
    expect((await explain({ source: 'wandb', request: changed })).verification).toMatchObject({ ok: false })
  })

  it('compares signed times with the time at which a request was recorded', async () => {
    const body = '{"event":"COMMENT_CREATED","model_name":"m"}'
    const signature = createHmac('sha256', DATABRICKS_SECRET).update(body).digest('hex')
    const request = {
      headers: { 'x-databricks-signature': signature },
      body,
      received_at: '2026-01-01T00:00:00Z',
    }
    const { verification, events } = await explain({ source: 'databricks', request })
    expect(verification).toMatchObject({ ok: true })
    expect(events[0]?.model_event).toMatchObject({ received_at: '2026-01-01T00:00:00.000Z' })
  })

  it('takes the stated event of the URL into account', async () => {
    const body = { artifact_collection_name: 'vision-1' }
    const [pasted] = (await explain({ source: 'wandb', body, type: 'LINK_ARTIFACT' })).events
    const query = 'event=LINK_ARTIFACT'
    const [read] = (await explain({ source: 'wandb', request: { ...recorded(JSON.stringify(body)), query } }))
      .events
    expect([pasted?.event, read?.event]).toEqual(['LINK_ARTIFACT', 'LINK_ARTIFACT'])
  })

  it('shows a limited token only its own automations', async () => {
    const { events } = await explain({ source: 'wandb', body: vision() }, VISION)
    expect(events[0]?.matches.map(({ automation }) => automation)).toEqual(['vision-deploy'])
    expect(JSON.stringify(events)).not.toContain('notify')
    const other = await sendWandb(scene.receiver.url, vision({ alias: 'of-nobody' }))
    const headers = { authorization: `Bearer ${VISION}` }
    const body = { event: other.body['event_id'] }
    expect(await scene.receiver.api('/api/v1/explain', { method: 'POST', body, headers })).toMatchObject({
      status: 404,
    })
  })

  it('only checks an automation that is given alone, and names every mistake', async () => {
    const post = (automation: unknown) =>
      scene.receiver.api('/api/v1/explain', { method: 'POST', body: { automation } })
    const destinations = [{ type: 'repository_dispatch', repository: 'acme/serving' }]
    const fine = { name: 'draft', sources: ['wandb'], events: ['LINK_ARTIFACT'], destinations }
    expect(await post(fine)).toMatchObject({ status: 200, body: { verification: null, events: [] } })
    const { status, body } = await post({ ...fine, status: 'on', order: 'sorted' })
    expect({ status, code: body['code'] }).toEqual({ status: 422, code: 'automation_invalid' })
    const keys = (body['problems'] as { key: string }[]).map(({ key }) => key)
    expect(keys).toEqual(expect.arrayContaining(['status', 'order']))
    expect((await scene.receiver.api('/api/v1/automations/draft')).status).toBe(404)
  })

  it.each([
    [{}, 422, 'nothing_to_explain'],
    [{ event: 'evt_1', body: {} }, 422, 'nothing_to_explain'],
    [{ event: 'evt_1' }, 404, 'event_not_found'],
    [{ body: {} }, 404, 'source_not_found'],
    [{ source: 'wand', body: {} }, 404, 'source_not_found'],
    [{ source: 'wandb', body: [] }, 422, 'not_an_event'],
    [{ source: 'wandb', request: { body: 'no JSON' } }, 422, 'not_an_event'],
    [{ source: 'wandb', bodi: {} }, 422, 'bad_body'],
  ])('refuses %j with %d %s', async (body, status, code) => {
    expect(await refused(body)).toMatchObject({ status, body: { code } })
  })

  it('asks for a token', async () => {
    const answer = await request(`${scene.receiver.url}/api/v1/explain`, { method: 'POST', body: '{}' })
    expect(answer.status).toBe(401)
  })
})
