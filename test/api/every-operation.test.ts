import { readFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Answer } from '../support/http.ts'
import { verdictOn } from '../support/judge.ts'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

const CONFIG = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
automations:
  - name: deploy
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production }
    destinations: [{ type: repository_dispatch, repository: acme/serving }]
`
const AUTOMATION = {
  name: 'made-here',
  sources: ['wandb'],
  events: ['LINK_ARTIFACT'],
  destinations: [{ type: 'repository_dispatch', repository: 'acme/other' }],
}

interface Operation {
  operationId: string
}
const document = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../schemas/openapi.json'), 'utf8'),
) as { paths: Record<string, Record<string, Operation>> }
const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(
    ([method, { operationId }]) => [operationId, method.toUpperCase(), path] as const,
  ),
)

let scene: Scene
/** The content of the store before the first call. */
const known = { event: '', failed: '', pending: '', lane: '' }

interface Call {
  /** The values for the braces of the path. */
  in_path?: () => string
  query?: string
  body?: () => unknown
  answers: number
}

/** A call of each operation that does what it is for, in an order in which each finds what it needs. */
const CALLS: Record<string, Call> = {
  listEvents: { answers: 200 },
  getEvent: { in_path: () => known.event, answers: 200 },
  exportEvents: { answers: 200 },
  listDeliveries: { answers: 200 },
  getDelivery: { in_path: () => known.failed, answers: 200 },
  exportDeliveries: { answers: 200 },
  listAutomations: { answers: 200 },
  getAutomation: { in_path: () => 'deploy', answers: 200 },
  createAutomation: { body: () => AUTOMATION, answers: 201 },
  putAutomation: { in_path: () => 'made-here', body: () => AUTOMATION, answers: 200 },
  patchAutomation: { in_path: () => 'made-here', body: () => ({ status: 'disabled' }), answers: 200 },
  deleteAutomation: { in_path: () => 'made-here', answers: 204 },
  testAutomation: { in_path: () => 'deploy', body: () => ({}), answers: 200 },
  explain: { body: () => ({ event: known.event }), answers: 200 },
  putSecret: {
    in_path: () => 'TEAM_HOOK',
    body: () => ({ value: 'a-value-that-nobody-sees', hosts: ['hooks.example.com'] }),
    answers: 201,
  },
  listSecrets: { answers: 200 },
  deleteSecret: { in_path: () => 'TEAM_HOOK', answers: 204 },
  listSubjects: { answers: 200 },
  getSubject: { in_path: () => 'resnet50', answers: 200 },
  listLanes: { answers: 200 },
  cancelDelivery: { in_path: () => known.pending, answers: 200 },
  resumeLane: { in_path: () => known.lane, answers: 200 },
  listSources: { answers: 200 },
  stream: { answers: 200 },
  listAudit: { answers: 200 },
  getSession: { answers: 200 },
  signIn: { body: () => ({ token: ADMIN_TOKEN }), answers: 200 },
  signOut: { answers: 204 },
  getOverview: { answers: 200 },
  getConfiguration: { answers: 200 },
  redeliver: { in_path: () => known.failed, answers: 202 },
  redeliverMany: { body: () => ({ all: true, dry_run: true }), answers: 200 },
  replayEvent: { in_path: () => known.event, answers: 202 },
  replayMany: { body: () => ({ all: true, dry_run: true }), answers: 200 },
}
const ORDER = Object.keys(CALLS)
const inOrder = documented.toSorted(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b))

async function call(id: string, method: string, path: string): Promise<{ url: string; answer: Answer }> {
  const { in_path = () => '', query = '', body } = CALLS[id] ?? { answers: 0 }
  const filled = path.replace(/\{\w+\}/, () => encodeURIComponent(in_path())) + query
  const url = `${scene.receiver.url}${filled}`
  if (id === 'stream') return { url, answer: await beginningOf(url) }
  return { url, answer: await scene.receiver.api(filled, { method, body: body?.() }) }
}

/** Reads the first part of an answer that does not end. */
function beginningOf(url: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
    const sent = get(url, { headers, agent: false }, (response) => {
      response.once('data', (chunk: Buffer) => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: chunk.toString(),
          body: {},
        })
        sent.destroy()
      })
    })
    sent.on('error', reject)
  })
}

beforeAll(async () => {
  scene = await startScene({ config: CONFIG })
  const items = async (path: string) =>
    (await scene.receiver.api(`/api/v1/${path}`)).body['items'] as Record<string, unknown>[]
  const send = async (model: string) =>
    (await sendWandb(scene.receiver.url, aliasBody({ artifact_collection_name: model }))).body
  scene.github.failNext({ kind: 'answer', name: 'not-found' }, { operation: 'dispatch' })
  const { event_id, deliveries } = await send('resnet50')
  await scene.receiver.waitFor(async () => (await items('deliveries'))[0]?.['status'] === 'failed')
  scene.github.failAlways({ kind: 'answer', name: 'bad-credentials' })
  const { deliveries: waiting } = await send('vision')
  await scene.receiver.waitFor(async () => (await items('lanes'))[0]?.['pause'] !== null)
  known.event = String(event_id)
  known.failed = String(deliveries)
  known.pending = String(waiting)
  known.lane = String((await items('lanes'))[0]?.['lane'])
})
afterAll(() => scene.close())

describe('every operation of openapi.json', () => {
  it('has a call in this file', () => {
    expect(Object.keys(CALLS).sort()).toEqual(documented.map(([id]) => id).sort())
  })

  it.each(inOrder)(
    'answers as the document says, and Prism sees every difference: %s',
    async (id, method, path) => {
      const { url, answer } = await call(id, method, path)
      expect(answer.status, answer.text).toBe(CALLS[id]?.answers)
      expect(await verdictOn(url, method, answer)).toEqual({ operation: id, differences: [] })
      const spoiled = [{ ...answer, status: 299 }, ...spoiledBodies(answer)]
      for (const other of spoiled)
        expect((await verdictOn(url, method, other)).differences, other.text).not.toEqual([])
    },
  )
})

/** Returns the same answer with another body, and as what it is not. */
function spoiledBodies(answer: Answer): Answer[] {
  if (answer.status === 204) return []
  const type = String(answer.headers['content-type'])
  const as = (other: string) => ({ ...answer.headers, 'content-type': other })
  const other_type = { ...answer, headers: as('text/html') }
  return type.startsWith('application/json') ? [other_type, { ...answer, text: '{"odd":1}' }] : [other_type]
}
