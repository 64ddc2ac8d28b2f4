import express from 'express'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { NO_CHANGE, NO_MODEL } from '../../src/contract/model-event.ts'
import type { SourceConfig } from '../../receiver/config/config.ts'
import { SecretReferences } from '../../receiver/config/secret-references.ts'
import { createRefusals } from '../../receiver/ingest/refusals.ts'
import { mountIngest } from '../../receiver/ingest/router.ts'
import { systemClock } from '../../receiver/observe/clock.ts'
import { createLog } from '../../receiver/observe/log.ts'
import type { Runtime } from '../../receiver/runtime/runtime.ts'
import type { Source } from '../../receiver/runtime/sources.ts'
import type { SourceEvent } from '../../receiver/sources/source.ts'
import type { Accepted, NewEvent } from '../../receiver/store/records.ts'
import { request } from '../support/http.ts'
import { NO_RULES } from '../support/rules.ts'

const REQUESTS = 32

const CONFIG: SourceConfig = {
  name: 'toys',
  type: 'toys',
  credentials: { secrets: [], access_token: null, authorization: null },
  insecure: true,
  allow: {},
  body_limit: 1_000,
  dedupe_ms: null,
  repeats: 'accept',
  lookup: null,
  silent_after_ms: null,
  settings: {},
}

function eventNamed(title: string): SourceEvent {
  const event = {
    type: 'MADE',
    kind: 'version.created' as const,
    title,
    author: null,
    occurred_at: null,
    test: false,
    own: false,
    model: { ...NO_MODEL, name: title },
    change: { ...NO_CHANGE, tags: [] },
    run: null,
    metadata: {},
    extra: {},
  }
  const identity = { rule: 'delivery', key: title, value: title, window_ms: 1, body_hash: null } as const
  return { event, identity, home: null, hint: null, dispatch_type: null, flat: {} }
}

/** A source whose requests name the step that is to go wrong. */
const SOURCE: Source = {
  config: CONFIG,
  lookup: null,
  samples: {},
  events: {},
  hidden: [],
  withSecrets: () => SOURCE,
  verifySignature: () => null,
  verify({ body }) {
    if (body.includes('verify')) throw new Error('poisoned')
    return { ok: true, secret: null }
  },
  parse(body) {
    const { poison, n } = body as { poison: string; n: number }
    if (poison === 'parse') throw new Error('poisoned')
    const found = eventNamed(`${poison} ${n}`)
    if (poison !== 'plan') return [found]
    const unreadable = Object.defineProperty(found.event, 'metadata', {
      get() {
        throw new Error('poisoned')
      },
    })
    return [{ ...found, event: unreadable }]
  },
}

const RUNTIME: Runtime = {
  config: {
    sources: new Map([[CONFIG.name, CONFIG]]),
    connections: new Map(),
    dispatches: [],
    automations: [],
    retention: { succeeded_ms: 0, failed_ms: 0 },
    limits: { backlog: 1 },
    tokens: [],
    rules: NO_RULES,
    references: new SecretReferences({}, '.'),
  },
  sources: new Map([[CONFIG.name, SOURCE]]),
  automations: [],
  senders: new Map(),
  starters: new Set(),
  repositoriesOf: () => null,
  stored: { version: 0, shared: false, refused: new Map() },
}

function acceptPoisoned({ id, event }: NewEvent): Promise<Accepted> {
  if (event.includes('"title":"store')) return Promise.reject(new Error('poisoned'))
  if (event.includes('"title":"hand over')) throw new Error('poisoned')
  const accepted: Accepted = { outcome: 'accepted', event_id: id, repeat_of: null }
  if (!event.includes('"title":"answer')) return Promise.resolve(accepted)
  return Promise.resolve(null as unknown as Accepted)
}

/** Sends 32 requests that reach ingest in one turn; the step `poison` of the 17th goes wrong. Gives answers and log. */
async function sendPoisoned(poison: string) {
  const lines: string[] = []
  const write = (line: string) => {
    if (poison === 'log' && line.includes('"title":"log')) throw new Error('poisoned')
    lines.push(line)
  }
  const log = createLog('info', { write })
  const clock = systemClock(0)
  const app = express()
  mountIngest(app, {
    runtime: () => RUNTIME,
    acceptor: { accept: acceptPoisoned },
    automations: { refresh: () => Promise.resolve() },
    store: { storedDelivery: () => Promise.resolve(null) },
    refusals: createRefusals({ log, clock }),
    clock,
    log,
    public_url: null,
  })
  const held: [IncomingMessage, ServerResponse][] = []
  const server = createServer((incoming, response) => {
    held.push([incoming, response])
    if (held.length === REQUESTS) for (const each of held) app(...each)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/toys`
  const send = (n: number) => {
    const body = JSON.stringify({ poison: n === 16 ? poison : 'none', n })
    return request(url, { method: 'POST', body })
  }
  const answers = await Promise.all(Array.from({ length: REQUESTS }, (_, n) => send(n)))
  const accepted = lines.filter((line) => line.includes('event accepted'))
  const failed = lines.filter((line) => line.includes('ingest failed'))
  return { statuses: answers.map(({ status }) => status), poisoned: answers[16], accepted, failed }
}

describe('One request of 32 that arrive in one turn of the event loop', () => {
  it.each(['verify', 'parse', 'plan', 'hand over', 'store', 'answer'])(
    'can throw in the step "%s" and touches nobody else: it alone gets 500 and one log line',
    async (poison) => {
      const { statuses, poisoned, accepted, failed } = await sendPoisoned(poison)
      expect(statuses).toEqual(Array.from({ length: REQUESTS }, (_, n) => (n === 16 ? 500 : 202)))
      expect(poisoned?.body).toMatchObject({ status: 'failed', error: 'internal' })
      expect(poisoned?.text).not.toContain('poisoned')
      // What cannot be answered is stored all the same.
      expect(accepted).toHaveLength(poison === 'answer' ? REQUESTS : REQUESTS - 1)
      expect(failed).toHaveLength(1)
    },
  )

  it('is answered all the same when its log line cannot be written, and the others have theirs', async () => {
    const { statuses, accepted } = await sendPoisoned('log')
    expect(statuses).toEqual(Array.from({ length: REQUESTS }, () => 202))
    expect(accepted).toHaveLength(REQUESTS - 1)
  })
})
