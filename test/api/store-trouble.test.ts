import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterEach, describe, expect, it } from 'vitest'
import { apiRouter } from '../../receiver/api/router.ts'
import { DESTINATION_TYPES } from '../../receiver/destinations/index.ts'
import { createChanges } from '../../receiver/observe/changes.ts'
import { createCounts } from '../../receiver/observe/metrics/counts.ts'
import { StoreUnavailable, type Store } from '../../receiver/store/store.ts'
import { request } from '../support/http.ts'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'

let server: Server | null = null
afterEach(() => {
  server?.close()
  server = null
})

const ADMIN = { name: 'admin', secret: ADMIN_TOKEN, role: 'write', automations: null }

/** The management API over a store of which only this is there. */
async function serve(store: Partial<Store>): Promise<string> {
  const options = {
    store,
    runtime: () => ({ config: { tokens: [ADMIN] } }),
    types: { sources: new Map(), destinations: DESTINATION_TYPES },
    clock: { wall: () => 0, steady: () => 0 },
    counts: createCounts(createChanges(), () => 0),
    wake: () => undefined,
  } as unknown as Parameters<typeof apiRouter>[0]
  server = createServer(express().use(apiRouter(options)))
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }

describe('the management API', () => {
  it('answers 503 with Retry-After and what to look at while the store is away', async () => {
    const url = await serve({
      getDelivery: () => Promise.reject(new StoreUnavailable('The disk is full.', 'Free some space.')),
    })
    const answer = await request(`${url}/api/v1/deliveries/dlv_1`, { headers })
    expect(answer.status).toBe(503)
    expect(answer.headers['retry-after']).toBe('30')
    expect(answer.body).toMatchObject({
      code: 'store_unavailable',
      detail: 'The disk is full. Free some space.',
    })
  })
})
