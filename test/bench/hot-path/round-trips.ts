import { openPostgresStore } from '../../../receiver/store/postgres/open.ts'
import type { Finished } from '../../../receiver/store/records.ts'
import { finishedAttempt } from '../../support/attempts.ts'
import { median } from '../statistics.ts'
import { captureEvents } from './captured.ts'
import { startCountingProxy } from './counting-proxy.ts'

/** How often the receiver waits for PostgreSQL within one operation: medians. */
export interface RoundTrips {
  accept_one: number
  accept_group: number
  claim: number
  finish_and_claim: number
}

const GROUP = 16
const TIMES = 15

/** Counts the round trips to an empty database; `folder` is for scratch files. */
export async function measureRoundTrips(folder: string, database: string): Promise<RoundTrips> {
  const { events, revisions } = await captureEvents(folder, TIMES * (1 + GROUP))
  const proxy = await startCountingProxy(database)
  const store = await openPostgresStore(proxy.url)
  await store.saveRevisions({ revisions, now: Date.now() })
  const counted = async <T>(counts: number[], work: () => Promise<T>): Promise<T> => {
    const before = proxy.round_trips
    const value = await work()
    counts.push(proxy.round_trips - before)
    return value
  }
  const counts = { one: [] as number[], group: [] as number[], claim: [] as number[], both: [] as number[] }
  const left = [...events]
  for (let n = 0; n < TIMES; n++) {
    await counted(counts.one, () => store.accept({ now: Date.now(), events: left.splice(0, 1) }))
    await counted(counts.group, () => store.accept({ now: Date.now(), events: left.splice(0, GROUP) }))
  }
  const advance = (finished: readonly Finished[], capacity: number) =>
    store.advance({ now: Date.now(), finished: [...finished], capacity, lease_ms: 60_000, lanes: [] })
  for (let n = 0; n < TIMES; n++) {
    const first = (await counted(counts.claim, () => advance([], 1))).claimed.map(succeeded)
    if (first.length === 0) throw new Error('Nothing could be claimed.')
    const second = (await counted(counts.both, () => advance(first, 1))).claimed.map(succeeded)
    await advance(second, 0)
  }
  await store.close()
  proxy.close()
  return {
    accept_one: median(counts.one),
    accept_group: median(counts.group),
    claim: median(counts.claim),
    finish_and_claim: median(counts.both),
  }
}

const succeeded = (claim: Parameters<typeof finishedAttempt>[0]): Finished =>
  finishedAttempt(claim, { at: Date.now() })
