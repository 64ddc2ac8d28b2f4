import express, { type RequestHandler } from 'express'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { SecretReferences } from '../../receiver/config/secret-references.ts'
import { mountIngest } from '../../receiver/ingest/router.ts'
import type { SourceConfig } from '../../receiver/config/config.ts'
import { createRefusals } from '../../receiver/ingest/refusals.ts'
import { systemClock } from '../../receiver/observe/clock.ts'
import { createLog } from '../../receiver/observe/log.ts'
import type { Runtime } from '../../receiver/runtime/runtime.ts'
import { connectSources } from '../../receiver/runtime/sources.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import { NO_RULES } from '../support/rules.ts'
import { aliasBody, sendWandb, WANDB_SECRET } from '../support/send.ts'

const WANDB: SourceConfig = {
  name: 'wandb',
  type: 'wandb',
  credentials: { secrets: [WANDB_SECRET], access_token: null, authorization: null },
  insecure: false,
  allow: {},
  body_limit: 1_048_576,
  dedupe_ms: null,
  repeats: 'accept',
  lookup: null,
  silent_after_ms: null,
  settings: {},
}
const CONFIGURED = new Map([[WANDB.name, WANDB]])
/** A configuration with the one source `wandb`, and nothing to match. */
const RUNTIME: Runtime = {
  config: {
    sources: CONFIGURED,
    connections: new Map(),
    dispatches: [],
    automations: [],
    retention: { succeeded_ms: 0, failed_ms: 0 },
    limits: { backlog: 1 },
    tokens: [],
    rules: NO_RULES,
    references: new SecretReferences({}, '.'),
  },
  sources: connectSources(CONFIGURED, SOURCE_TYPES),
  automations: [],
  senders: new Map(),
  starters: new Set(),
  repositoriesOf: () => null,
  stored: { version: 0, shared: false, refused: new Map() },
}

/** Ingest behind another handler, in an Express of its own. Gives its URL, what it stored and what it logged. */
async function mountBehind(first: RequestHandler) {
  const stored: string[] = []
  const logged: string[] = []
  const log = createLog('info', { write: (line) => void logged.push(line) })
  const clock = systemClock(0)
  const app = express()
  app.use(first)
  mountIngest(app, {
    runtime: () => RUNTIME,
    acceptor: {
      accept(event) {
        stored.push(event.id)
        return Promise.resolve({ outcome: 'accepted', event_id: event.id, repeat_of: null })
      },
    },
    automations: { refresh: () => Promise.resolve() },
    store: { storedDelivery: () => Promise.resolve(null) },
    refusals: createRefusals({ log, clock }),
    clock,
    log,
    public_url: null,
  })
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stored, logged }
}

const readsAllItself: RequestHandler = (request, _response, next) => {
  request.resume().on('end', next)
}

describe('ingest behind something that reads the body', () => {
  // Seen in octokit/webhooks #40 and #1081, where the request hung.
  it.each([
    ['express.json()', express.json()],
    ['express.text()', express.text({ type: () => true })],
    ['express.raw()', express.raw({ type: () => true })],
    ['a handler that reads the stream', readsAllItself],
  ])(
    '(%s) neither hangs nor blames the signature: it fails at once and says what to change',
    async (_, first) => {
      const { url, stored, logged } = await mountBehind(first)
      const { status, body } = await sendWandb(url, aliasBody())
      expect(status).toBe(500)
      expect(body).toMatchObject({ status: 'failed', message: expect.stringContaining('logged') as string })
      expect(stored).toEqual([])
      expect(logged).toHaveLength(1)
      expect(logged[0]).toMatch(/Mount the receiver's routes before express\.json\(\)/)
    },
  )

  // Seen in octokit/webhooks #40.
  it('is not disturbed by a parser that leaves the body alone', async () => {
    const { url, stored } = await mountBehind(express.json({ type: 'application/vnd.other+json' }))
    expect((await sendWandb(url, aliasBody())).status).toBe(202)
    expect((await sendWandb(url, '')).status).toBe(400)
    expect(stored).toHaveLength(1)
  })
})
