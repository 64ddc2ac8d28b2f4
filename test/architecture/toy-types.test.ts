import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { NO_CHANGE, NO_MODEL } from '../../src/contract/model-event.ts'
import { readEnvironment } from '../../receiver/config/environment/environment.ts'
import { loadConfig } from '../../receiver/config/load.ts'
import type { DestinationType } from '../../receiver/destinations/destination.ts'
import { createGitHub } from '../../receiver/github/github.ts'
import { createLog } from '../../receiver/observe/log.ts'
import { startReceiver, type Receiver } from '../../receiver/receiver.ts'
import { equalSecrets } from '../../receiver/secrets/equal.ts'
import { secretText } from '../../receiver/secrets/settings.ts'
import { sourceType, type SourceEvent } from '../../receiver/sources/source.ts'
import { openSqliteStore } from '../../receiver/store/sqlite/open.ts'
import { request } from '../support/http.ts'
import { publicOutbound } from '../support/outbound.ts'

/** Signs nothing: its sources have a pin of their own in the query, and a setting that names the alias. */
const toySource = sourceType({
  type: 'toy-registry',
  title: 'Toy registry',
  settings: {
    alias: z.string().default('released').describe('The alias that a release gets.'),
    pin: secretText('Expected as `?pin=` of the URL.'),
  },
  credentials: ['access_token'],
  events: { RELEASED: 'alias.added' },
  connect: ({ credentials: { access_token }, settings: { alias, pin } }) => ({
    lists: true,
    verify: ({ headers, query }) =>
      equalSecrets(headers['x-toy'] ?? '', access_token ?? '') && equalSecrets(query.get('pin') ?? '', pin)
        ? { ok: true, secret: null }
        : { ok: false, reason: 'wrong toy' },
    parse: (body) => (body as { name: string }[]).map(({ name }) => released(name, alias)),
  }),
  samples: {},
  setup: '',
})

function released(name: string, alias: string): SourceEvent {
  return {
    event: {
      type: 'RELEASED',
      kind: 'alias.added',
      title: `${name} ${alias}`,
      author: null,
      occurred_at: null,
      test: false,
      own: false,
      model: { ...NO_MODEL, name },
      change: { ...NO_CHANGE, tags: [], alias },
      run: null,
      metadata: {},
      extra: {},
    },
    identity: { rule: 'delivery', key: name, value: name, window_ms: 1_000, body_hash: null },
    home: null,
    hint: null,
    dispatch_type: null,
    flat: { event_type: 'RELEASED' },
  }
}

/** What the toy destination was given. */
const box: string[] = []

const toySettings = z.strictObject({
  type: z.literal('toy-box'),
  label: z.string().describe('What is written on it.'),
  key: secretText('What opens it.'),
})

const toyDestination: DestinationType<z.infer<typeof toySettings>> = {
  type: 'toy-box',
  title: 'Toy box',
  order: 'none',
  settings: toySettings,
  example: { type: 'toy-box', label: 'caught', key: '${env:TOY_KEY}' },
  guide: 'Open the lid.',
  answers: [{ id: 'taken', class: 'success' }],
  check: () => [],
  connect: ({ secret }) => ({
    target: () => ({
      target: 'the box',
      listener: '',
      lane: 'toy',
      policy: { concurrency: 1, interval_ms: 0 },
    }),
    render: () => ({ method: 'PUT', url: 'toy:box', body: {} }),
    send: ({ event, settings: { label, key } }) => {
      box.push(`${label} ${event.title} with ${secret(key)}`)
      return Promise.resolve({
        class: 'success',
        status: 200,
        message: '',
        fix: '',
        request: { method: 'PUT', url: 'toy:box', body: '' },
        response: null,
        retry_after_ms: null,
      })
    },
  }),
}

describe('a new registry and a new destination', () => {
  const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-toys-'))
  let receiver: Receiver | undefined
  afterAll(async () => {
    await receiver?.stop(0)
    rmSync(folder, { recursive: true, force: true })
  })

  it('are one entry each: configuration, ingest, matching and delivery need no change', async () => {
    const path = join(folder, 'model-dispatch.yaml')
    writeFileSync(join(folder, 'key'), 'brass\n')
    writeFileSync(
      path,
      `
version: 1
sources: { toys: { type: toy-registry, access_token: "\${env:TOY}", alias: shipped, pin: "\${env:TOY_PIN}" } }
automations:
  - name: collect
    events: [RELEASED]
    filter: { alias: shipped, model: "b*" }
    destinations: [{ type: toy-box, label: caught, key: "key of \${file:key}" }]
`,
    )
    const types = {
      sources: new Map([[toySource.type, toySource]]),
      destinations: new Map([[toyDestination.type, toyDestination]]),
    }
    const { config } = loadConfig({
      path,
      env: { TOY: 'secret-toy-of-the-toys', TOY_PIN: 'pin-of-the-toys' },
      environment: readEnvironment({}),
      ...types,
    })
    receiver = await startReceiver({
      host: '127.0.0.1',
      port: 0,
      public_url: null,
      config,
      store: await openSqliteStore(join(folder, 'data')),
      github: createGitHub,
      outbound: publicOutbound(),
      log: createLog('silent'),
      types,
    })
    const send = (toy: string, pin = 'pin-of-the-toys') =>
      request(`${receiver?.url ?? ''}/webhooks/toys?pin=${pin}`, {
        method: 'POST',
        headers: { 'x-toy': toy },
        body: JSON.stringify([{ name: 'ball' }, { name: 'car' }, { name: 'bear' }]),
      })
    expect((await send('no')).status).toBe(401)
    expect((await send('secret-toy-of-the-toys', 'another-pin')).status).toBe(401)
    const { status, body } = await send('secret-toy-of-the-toys')
    expect(status).toBe(202)
    expect(body['event_ids']).toHaveLength(3)
    await expect
      .poll(() => box.toSorted())
      .toEqual(['caught ball shipped with key of brass', 'caught bear shipped with key of brass'])
    // A template may render a secret into the body: that of a source's own setting is masked like any other.
    const leaked = await request(`${receiver.url}/webhooks/toys?pin=pin-of-the-toys`, {
      method: 'POST',
      headers: { 'x-toy': 'secret-toy-of-the-toys' },
      body: JSON.stringify([{ name: 'bus pin-of-the-toys' }]),
    })
    expect(leaked.status).toBe(202)
    await expect.poll(() => box.at(-1)).toBe('caught bus [secret] shipped with key of brass')
    const data = join(folder, 'data')
    const stored = Buffer.concat(readdirSync(data).map((file) => readFileSync(join(data, file))))
    expect(stored.includes('key of ${file:key}')).toBe(true)
    expect(stored.includes('brass')).toBe(false)
    expect(stored.includes('pin-of-the-toys')).toBe(false)
  })
})
