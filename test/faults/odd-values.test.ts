import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import type { Claimed, Finished } from '../../receiver/store/records.ts'
import { openPostgresStore } from '../../receiver/store/postgres/open.ts'
import { openSqliteStore } from '../../receiver/store/sqlite/open.ts'
import type { Store } from '../../receiver/store/store.ts'
import { createDatabase } from '../support/database.ts'
import { finishedAttempt } from '../support/attempts.ts'
import { REVISION, storedDelivery, storedEvent } from '../support/events.ts'

const server = inject('postgresUrl')
const START = 1_800_000_000_000
const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function inFolder(): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-odd-'))
  folders.push(folder)
  return openSqliteStore(folder)
}

describe.each([
  { name: 'SQLite', runs: true, open: inFolder },
  {
    name: 'PostgreSQL',
    runs: server !== null,
    open: async () => openPostgresStore(await createDatabase(server ?? ''), { clock: 'caller' }),
  },
])('values that a column cannot hold as they come, on $name', ({ runs, open }) => {
  let store: Store
  beforeEach(async () => {
    if (!runs) return
    store = await open()
    await store.saveRevisions({ revisions: [REVISION], now: START })
  })
  afterEach(async () => {
    if (runs) await store.close()
  })

  const accept = (interval_ms: number) => {
    const policy = { concurrency: 1, interval_ms }
    const events = [0, 1].map(() => storedEvent({ deliveries: [storedDelivery({ policy })] }))
    return store.accept({ now: START, events })
  }
  const advance = (now: number, finished: Finished[] = []) =>
    store.advance({ now, finished, capacity: 10, lease_ms: 60_000, lanes: [] })
  const result = (claim: Claimed, parts: Partial<Finished>) => finishedAttempt(claim, { at: START, ...parts })
  const claimOne = async (now: number) => (await advance(now)).claimed[0] as Claimed

  it.skipIf(!runs)('a pace of three a second leaves at least a third between two', async () => {
    await accept(1_000 / 3)
    const claim = await claimOne(START)
    expect(await advance(START, [result(claim, {})])).toMatchObject({ claimed: [], wait_ms: 334 })
    expect((await advance(START + 334)).claimed).toHaveLength(1)
  })

  it.skipIf(!runs)('a wait in fractions of a millisecond is waited for, and no less', async () => {
    await accept(0)
    const limited = { class: 'limited', status: 429, retry_after_ms: 1_500.4 } as const
    const { wait_ms } = await advance(START, [result(await claimOne(START), limited)])
    expect(wait_ms).toBe(1_501)
  })

  it.skipIf(!runs)('an answer with U+0000 and half a character is kept without them', async () => {
    await accept(0)
    const claim = await claimOne(START)
    const odd = { class: 'permanent', status: 418, message: 'a\0b', response: 'c\0\ud800d' } as const
    const { consequences } = await advance(START, [result(claim, odd)])
    expect(consequences).toMatchObject([{ status: 'failed' }])
    expect((await store.getDelivery({ id: claim.id }))?.attempt_log).toMatchObject([
      { error: 'a\ufffdb', response: 'c\ufffd\ufffdd' },
    ])
  })

  it.skipIf(!runs)('an event whose only delivery can go nowhere is accepted', async () => {
    const error = { class: 'permanent', message: 'no repository', fix: 'name one' }
    const event = storedEvent({ deliveries: [storedDelivery({ lane: '', error })] })
    expect(await store.accept({ now: START, events: [event] })).toMatchObject([{ outcome: 'accepted' }])
  })

  it.skipIf(!runs)('a burst of events with many deliveries each is accepted whole', async () => {
    const events = Array.from({ length: 250 }, (_, n) =>
      storedEvent({
        deliveries: Array.from({ length: 4 }, (_, i) =>
          storedDelivery({ subject: (n * 4 + i).toString(16).padStart(4, '0').repeat(8) }),
        ),
      }),
    )
    await store.accept({ now: START, events })
    expect(await store.backlog({ most: 2_000 })).toBe(1_000)
  })
})
