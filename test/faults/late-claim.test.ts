import type { ModelEvent } from '../../src/contract/model-event.ts'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createEngine } from '../../receiver/deliveries/engine.ts'
import type { Sender } from '../../receiver/destinations/destination.ts'
import { createLog } from '../../receiver/observe/log.ts'
import { jsonText } from '../../receiver/store/json-text.ts'
import type { Claimed } from '../../receiver/store/records.ts'
import type { Store } from '../../receiver/store/store.ts'
import { attemptResult, NOTHING_TO_DO } from '../support/attempts.ts'

const CLAIM: Claimed = {
  id: 'dlv_1',
  lease: 'lease-1',
  lane: 'lane-a',
  subject: 'a'.repeat(32),
  dedupe_key: 'd'.repeat(32),
  automation: 'deploy',
  type: 'repository_dispatch',
  target: 'acme/serving',
  position: 0,
  redeliveries: 0,
  counted_attempts: 0,
  spec: jsonText({ destinations: [{}] }),
  event_id: 'evt_1',
  event: jsonText({} as ModelEvent),
  context: { flat: {}, dispatch_type: null, client_payload: null, drop_in: null, hint: null, secret: null },
}

afterEach(() => vi.restoreAllMocks())

/** An engine whose process stands still for so long between asking for a claim and reading the answer. */
async function claimAfter(stopped_ms: number): Promise<string[]> {
  let elapsed = 0
  vi.spyOn(performance, 'now').mockImplementation(() => elapsed)
  const sent: string[] = []
  const sender = {
    send: ({ delivery_id }: { delivery_id: string }) => {
      sent.push(delivery_id)
      return Promise.resolve(attemptResult())
    },
  } as unknown as Sender
  let asked = 0
  const store = {
    engine: 'postgres',
    advance: () => {
      if (asked++ > 0) return Promise.resolve({ ...NOTHING_TO_DO, consequences: [] })
      elapsed += stopped_ms
      return Promise.resolve({ ...NOTHING_TO_DO, claimed: [CLAIM] })
    },
  } as unknown as Store
  const engine = createEngine({
    store,
    senders: () => new Map([['repository_dispatch', sender]]),
    clock: { wall: () => 0, steady: () => 0 },
    log: createLog('silent'),
  })
  engine.start()
  await vi.waitUntil(() => asked > 1)
  await engine.stop(0)
  return sent
}

describe('a claim that the process reads late, since it was stopped', () => {
  it('is used while it certainly is still ours', async () => {
    expect(await claimAfter(29_000)).toEqual(['dlv_1'])
  })

  it.each([31_000, 46_000])(
    'is left alone %d ms later: its lease could run out before the request arrives, and someone else take it over',
    async (stopped_ms) => {
      expect(await claimAfter(stopped_ms)).toEqual([])
    },
  )
})
