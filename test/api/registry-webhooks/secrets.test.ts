import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { automationFrom } from '../../../receiver/api/registry-webhooks/form.ts'
import {
  dropUnusedSecrets,
  withSecrets,
  type KeepSecret,
} from '../../../receiver/api/registry-webhooks/secrets.ts'
import { readEnvironment } from '../../../receiver/config/environment/environment.ts'
import { createLog } from '../../../receiver/observe/log.ts'
import type { StoredAutomations, WrittenAutomation } from '../../../receiver/runtime/stored-automations.ts'
import { openStoredSecrets, type StoredSecrets } from '../../../receiver/runtime/stored-secrets.ts'
import { openStore } from '../../../receiver/store/open.ts'
import { openSecretsKeys } from '../../../receiver/store/secrets-key.ts'
import { StoreUnavailable, type Store } from '../../../receiver/store/store.ts'
import { startHouse } from '../../regressions/receiver.ts'
import { REVISION, storedDelivery, storedEvent } from '../../support/events.ts'
import { request } from '../../support/http.ts'
import { ADMIN_TOKEN } from '../../support/receiver-process.ts'
import { PATH } from './world.ts'

const USED = 'a'.repeat(32)
const DELETED = 'b'.repeat(32)
const WAITING = 'c'.repeat(32)

let now = Date.now()
const clock = { wall: () => now, steady: () => now }
const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-webhook-secrets-'))
let store: Store
let secrets: StoredSecrets
beforeAll(async () => {
  const environment = readEnvironment({ DATA_DIR: folder })
  store = await openStore(environment)
  secrets = await openStoredSecrets({
    store,
    keys: openSecretsKeys(environment),
    clock,
    log: createLog('silent'),
  })
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

/** Stores one secret as a call that succeeds does; returns its name. */
async function keepOne(id: string, ...given: Parameters<KeepSecret>): Promise<string> {
  const names: string[] = []
  await withSecrets({ secrets }, id, async (keep) => {
    names.push(await keep(...given))
  })
  return names[0] ?? ''
}

describe('The secrets of registry webhooks', () => {
  it('stay as long as a webhook or an unfinished delivery needs them, and no longer', async () => {
    const url = 'https://hooks.example.com/a?b=c'
    const keep = (id: string) => keepOne(id, 'secret', 'value-of-the-secret', url)
    const names = {
      used: await keep(USED),
      replaced: await keep(USED),
      deleted: await keep(DELETED),
      waiting: await keep(WAITING),
    }
    await secrets.put({ name: 'OF_SOMEBODY_ELSE', hosts: ['example.com'], value: 'another-value' })
    const delivery = storedDelivery({ automation: `registry-webhook-${WAITING}` })
    await store.saveRevisions({ revisions: [REVISION], now })
    await store.accept({ now, events: [storedEvent({ deliveries: [delivery] })] })
    const target = {
      kind: 'http',
      url,
      enable_ssl_verification: true,
      secret: names.used,
      authorization: null,
    } as const
    const form = {
      id: USED,
      status: 'ACTIVE',
      events: ['COMMENT_CREATED'],
      description: null,
      model_name: null,
      target,
    } as const
    const automations = {
      list: () => Promise.resolve([{ input: automationFrom(form) } as unknown as WrittenAutomation]),
    } as StoredAutomations
    const left = async () => {
      await dropUnusedSecrets({ secrets, automations, store, clock })
      return (await secrets.list()).map(({ name }) => name)
    }
    // A webhook that is being written right now has its secrets before it is there itself.
    expect(await left()).toHaveLength(5)
    now += 11 * 60_000
    expect((await left()).sort()).toEqual(['OF_SOMEBODY_ELSE', names.used, names.waiting].sort())
    await store.cancel({ id: delivery.id, now })
    expect((await left()).sort()).toEqual(['OF_SOMEBODY_ELSE', names.used].sort())
  })

  it('are bound to the host that they are for', async () => {
    const name = await keepOne(DELETED, 'authorization', 'Bearer abcdefgh', 'https://h.example.com:8443/x')
    expect(name).toMatch(/^WEBHOOK_B{32}_AUTHORIZATION_[0-9A-F]{6}$/)
    const found = (await secrets.list()).find((one) => one.name === name)
    expect(found?.hosts).toEqual(['h.example.com'])
  })

  it('that cannot be cleared away fail no call that has been done: its client would send it again', async () => {
    const away = () => Promise.reject(new StoreUnavailable('The disk is full.', 'Free some space.'))
    const house = await startHouse({
      env: { OUTBOUND_ALLOW_CIDRS: '127.0.0.1' },
      around: (whole) => ({ ...whole, listSecrets: away }),
    })
    onTestFinished(() => house.close())
    const created = await request(`${house.url}${PATH}/create`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
      body: JSON.stringify({
        events: ['MODEL_VERSION_CREATED'],
        http_url_spec: { url: 'https://127.0.0.1:1/hook' },
      }),
    })
    expect([created.status, created.text]).toEqual([200, expect.stringContaining('"status":"ACTIVE"')])
    expect(house.log).toContainEqual(
      expect.objectContaining({ message: 'unused secrets of registry webhooks could not be deleted' }),
    )
  })
})
