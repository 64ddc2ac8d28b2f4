import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readEnvironment } from '../../receiver/config/environment/environment.ts'
import { loadConfig } from '../../receiver/config/load.ts'
import { DESTINATION_TYPES } from '../../receiver/destinations/index.ts'
import { createGitHub } from '../../receiver/github/github.ts'
import { systemClock } from '../../receiver/observe/clock.ts'
import { createLog } from '../../receiver/observe/log.ts'
import { startReceiver, type Receiver } from '../../receiver/receiver.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import { openSqliteStore } from '../../receiver/store/sqlite/open.ts'
import { jsonFixture } from '../sources/fixtures.ts'
import { request } from '../support/http.ts'
import { publicOutbound } from '../support/outbound.ts'

interface Vector {
  name: string
  secret: string
  delivery_id: string
  timestamp: string
  body: string
  expected: string
}
const VECTORS = jsonFixture('vectors', 'mlflow.json')['vectors'] as unknown as Vector[]
const FIRST = VECTORS.find(({ name }) => name === 'model_version.created')
const SECOND = VECTORS.find(({ name }) => name === 'mlflow_dock inputs')

const NO_TOKENS = { access_token: null, authorization: null }

describe('a delivery of MLflow, which signs once for all of its tries', () => {
  const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-late-'))
  let receiver: Receiver
  let wall = 0

  beforeAll(async () => {
    const path = join(folder, 'model-dispatch.yaml')
    writeFileSync(path, `version: 1\nsources: { mlflow: { type: mlflow, secrets: [longer than those] } }\n`)
    const types = { sources: SOURCE_TYPES, destinations: DESTINATION_TYPES }
    const { config } = loadConfig({ path, env: {}, environment: readEnvironment({}), ...types })
    // The vectors were signed with secrets that are too short for a configuration.
    const credentials = { ...NO_TOKENS, secrets: [FIRST?.secret ?? '', SECOND?.secret ?? ''] }
    const sources = new Map([...config.sources].map(([name, source]) => [name, { ...source, credentials }]))
    receiver = await startReceiver({
      host: '127.0.0.1',
      port: 0,
      public_url: null,
      config: { ...config, sources },
      store: await openSqliteStore(join(folder, 'data')),
      github: createGitHub,
      outbound: publicOutbound(),
      log: createLog('silent'),
      clock: { ...systemClock(0), wall: () => wall },
    })
  })
  afterAll(async () => {
    await receiver.stop(0)
    rmSync(folder, { recursive: true, force: true })
  })

  /** Sends a vector as it was signed, `age_s` seconds later. */
  const send = (vector: Vector | undefined, age_s: number, changes: Record<string, string> = {}) => {
    if (vector === undefined) throw new Error('there is no such vector')
    wall = (Number(vector.timestamp) + age_s) * 1_000
    return request(`${receiver.url}/webhooks/mlflow`, {
      method: 'POST',
      headers: {
        'x-mlflow-delivery-id': vector.delivery_id,
        'x-mlflow-timestamp': vector.timestamp,
        'x-mlflow-signature': vector.expected,
        ...changes,
      },
      body: vector.body,
    })
  }

  it('is a duplicate when a retry arrives after the timestamp has become too old', async () => {
    const accepted = await send(FIRST, 0)
    expect(accepted.status).toBe(202)
    const { status, body } = await send(FIRST, 3_600)
    expect(status).toBe(200)
    expect(body).toMatchObject({ status: 'duplicate', event_id: accepted.body['event_id'] })
  })

  it('is refused when it never came before and its timestamp is too old', async () => {
    expect((await send(SECOND, 301)).status).toBe(401)
    expect((await send(SECOND, 300)).status).toBe(202)
  })

  it('is refused as stale, not as malformed, when its timestamp is too old and its body is not JSON', async () => {
    const signed = (body: string) => {
      const { delivery_id, timestamp, secret } = FIRST ?? { delivery_id: '', timestamp: '', secret: '' }
      const content = `${delivery_id}.${timestamp}.${body}`
      const expected = `v1,${createHmac('sha256', secret).update(content).digest('base64')}`
      return FIRST === undefined ? undefined : { ...FIRST, body, expected }
    }
    expect((await send(signed('not JSON'), 3_600)).status).toBe(401)
    expect((await send(signed('not JSON'), 0)).status).toBe(400)
  })

  it('is refused under a known id when its signature is wrong, as every wrong signature is', async () => {
    const forged = { 'x-mlflow-signature': `v1,${'A'.repeat(43)}=` }
    const { status, body } = await send(FIRST, 3_600, forged)
    const unknown = await send(FIRST, 3_600, { ...forged, 'x-mlflow-delivery-id': 'never-seen' })
    expect([status, body]).toEqual([401, unknown.body])
  })
})
