import pg from 'pg'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import type { Advance, Advanced, Claimed, NewDelivery } from '../../receiver/store/records.ts'
import { openPostgresStore } from '../../receiver/store/postgres/open.ts'
import { modelOf } from '../../receiver/store/tables/known.ts'
import type { Store } from '../../receiver/store/store.ts'
import { createDatabase } from '../support/database.ts'
import { finishedAttempt } from '../support/attempts.ts'
import { REVISION, storedDelivery, storedEvent } from '../support/events.ts'

const server = inject('postgresUrl')
const START = 1_800_000_000_000
const LANE = 'lane-a'
const FREE = { concurrency: 1, interval_ms: 0 }
const SUBJECT = 'a'.repeat(32)

describe.skipIf(server === null)('two replicas at the same moment', () => {
  let here: Store
  let there: Store
  /** Holds what one of them needs, so that the moment can be chosen. */
  let between: pg.Client
  let now = START
  beforeEach(async () => {
    now = START
    const url = await createDatabase(server ?? '')
    here = await openPostgresStore(url, { clock: 'caller' })
    there = await openPostgresStore(url, { clock: 'caller' })
    between = new pg.Client({ connectionString: url })
    await between.connect()
    await here.saveRevisions({ revisions: [REVISION], now })
  })
  afterEach(async () => {
    await between.end()
    await Promise.all([here.close(), there.close()])
  })

  const delivery = (parts: Partial<NewDelivery> = {}) =>
    storedDelivery({ lane: LANE, policy: FREE, supersede: 'never', ...parts })
  const accept = (store: Store, ...deliveries: NewDelivery[]) =>
    store.accept({ now, events: deliveries.map((one) => storedEvent({ deliveries: [one] })) })
  const advance = (store: Store, parts: Partial<Advance> = {}): Promise<Advanced> =>
    store.advance({ now, finished: [], capacity: 10, lease_ms: 60_000, lanes: [], ...parts })
  const success = (claim: Claimed) => finishedAttempt(claim, { at: now })
  const claimOnly = async (store: Store): Promise<Claimed> => {
    const { claimed } = await advance(store)
    expect(claimed).toHaveLength(1)
    return claimed[0] as Claimed
  }

  it('one puts a lane to sleep while the other accepts into it: all hear of it once it is committed', async () => {
    const heard: string[] = []
    there.onWork((lanes) => heard.push(...lanes))
    await accept(here, delivery())
    await expect.poll(() => heard).toEqual([LANE])
    // The lane is awake when the accept looks at it; then the accept waits for the lock of its subject.
    await between.query('begin')
    await between.query(`select pg_advisory_xact_lock(${BigInt(`0x${SUBJECT.slice(0, 15)}`)})`)
    const second = delivery({ subject: SUBJECT })
    const accepting = accept(here, second)
    await waiting(between, 1)
    const claim = await claimOnly(there)
    expect((await advance(there, { finished: [success(claim)] })).wait_ms).toBe(Infinity)
    await between.query('commit')
    await accepting
    await expect.poll(() => heard).toEqual([LANE, LANE])
    expect((await advance(there, { lanes: [LANE] })).claimed.map(({ id }) => id)).toEqual([second.id])
  })

  it('one looks at a lane: the other is told to ask again, and does not take it for empty', async () => {
    const [one] = [delivery()]
    await accept(here, one)
    await between.query('begin')
    await between.query('select * from lanes for update')
    expect(await advance(there, { lanes: [LANE, 'no-such-lane'] })).toMatchObject({
      claimed: [],
      missed: [LANE],
    })
    await between.query('commit')
    expect(await advance(there, { lanes: [LANE] })).toMatchObject({ claimed: [{ id: one.id }], missed: [] })
  })

  it('one ends what has expired while the other accepts behind it: the new one becomes the head', async () => {
    const old = delivery({ subject: SUBJECT, expires_after_ms: 1_000 })
    await accept(here, old)
    now += 1_000
    // The accept has seen that its subject is busy, and then waits for the row of the same id.
    const next = delivery({ subject: SUBJECT })
    await between.query('begin')
    await between.query(
      `insert into deliveries (id, event_id, automation, revision, position, type, target, lane, subject, slot, place, dedupe_key,
         ordered, supersede, head, status, redeliveries, counted_attempts, attempts, due_at, created_at)
       values ($1, '', '', '', 0, '', '', '', '', '', 0, '', 0, 'never', 0, 'failed', 0, 0, 0, 0, 0)`,
      [next.id],
    )
    const accepting = accept(here, next)
    await waiting(between, 1)
    const advancing = advance(there, { capacity: 0 })
    await Promise.race([advancing, waiting(between, 2)])
    await between.query('rollback')
    await Promise.all([accepting, advancing])
    expect((await here.getDelivery({ id: old.id }))?.status).toBe('expired')
    expect((await advance(there, { lanes: [LANE] })).claimed.map(({ id }) => id)).toEqual([next.id])
  })

  it('one renames a lane while the other makes an attempt in it: the result frees the lane under its new name', async () => {
    const [first, second] = [delivery(), delivery()]
    await accept(here, first, second)
    const claim = await claimOnly(there)
    await here.renameLane({ from: LANE, to: 'lane-b', now })
    expect((await advance(here)).claimed).toEqual([])
    expect((await advance(there, { finished: [success(claim)] })).claimed).toMatchObject([
      { id: second.id, lane: 'lane-b' },
    ])
  })

  it('one learns that a paused lane is one that is known already: the joined lane is paused as long', async () => {
    const [first, second] = [delivery(), delivery()]
    const third = delivery({ lane: 'lane-b', policy: { concurrency: 1, interval_ms: 0 } })
    await accept(here, first, second)
    const limited = { class: 'limited', status: 429, retry_after_ms: 30_000 } as const
    await advance(there, { finished: [{ ...success(await claimOnly(there)), ...limited }] })
    await accept(here, third)
    await here.renameLane({ from: LANE, to: 'lane-b', now })
    expect(await advance(here)).toMatchObject({ claimed: [], wait_ms: 30_000 })
    now += 30_000
    expect((await advance(there)).claimed).toHaveLength(1)
  })

  it('the next delivery of a subject is in another lane than the one that ended: it is looked at all the same', async () => {
    const [first, second] = [delivery({ subject: SUBJECT }), delivery({ subject: SUBJECT, lane: 'lane-b' })]
    await accept(here, first, second)
    const claim = await claimOnly(there)
    expect((await advance(here)).wait_ms).toBe(60_000)
    expect((await advance(there, { finished: [success(claim)] })).claimed.map(({ id }) => id)).toEqual([
      second.id,
    ])
  })

  it('both put the same dead letters back: each is queued once', async () => {
    const dead = Array.from({ length: 20 }, () =>
      delivery({ error: { class: 'permanent', message: 'm', fix: 'f' } }),
    )
    await accept(here, ...dead)
    await between.query(`update deliveries set lane = '${LANE}'`)
    await accept(here, delivery())
    const again = {
      filter: { status: 'failed' as const },
      force: false,
      after: 0,
      limit: 100,
      now,
    }
    const queued = await Promise.all([here.redeliverMany(again), there.redeliverMany(again)])
    expect(queued[0].queued + queued[1].queued).toBe(20)
  })

  it('an accept whose commit nobody saw is tried again: it was accepted, not a duplicate, and is there once', async () => {
    const event = storedEvent({ deliveries: [delivery()] })
    await here.accept({ now, events: [event] })
    // Another event of the model came in between, so the identity alone tells nothing.
    await there.accept({ now, events: [storedEvent({ identity: { ...event.identity, value: 'other' } })] })
    const fresh = storedEvent({ deliveries: [delivery()] })
    expect(await there.accept({ now, events: [event, fresh], retry: true })).toEqual([
      { outcome: 'accepted', event_id: event.id, repeat_of: null },
      { outcome: 'accepted', event_id: fresh.id, repeat_of: null },
    ])
    expect((await here.listDeliveries({ event: event.id, limit: 10 })).items).toHaveLength(1)
  })

  it('one replays an event while the other accepts a newer one: the newer one is dispatched last', async () => {
    const old = delivery({ subject: SUBJECT })
    const replayed = storedEvent({ deliveries: [old] })
    await here.accept({ now, events: [replayed] })
    await advance(here, { finished: [success(await claimOnly(here))] })
    await between.query('begin')
    await between.query(`select pg_advisory_xact_lock(${BigInt(`0x${SUBJECT.slice(0, 15)}`)})`)
    const again = delivery({ subject: SUBJECT, replay_of: replayed.id })
    const newer = delivery({ subject: SUBJECT })
    const replay = { of: replayed.id, force: false }
    const replaying = here.accept({ now, events: [storedEvent({ replay, deliveries: [again] })] })
    await waiting(between, 1)
    const accepting = accept(there, newer)
    await waiting(between, 2)
    await between.query('commit')
    const [result] = await replaying
    await accepting
    const dispatched: string[] = []
    for (let claim = await claimOnly(there); ; claim = await claimOnly(there)) {
      dispatched.push(claim.id)
      await advance(there, { finished: [success(claim)], capacity: 0 })
      if (dispatched.at(-1) === newer.id) break
    }
    expect(dispatched).toEqual(result?.outcome === 'stale' ? [newer.id] : [again.id, newer.id])
    expect((await advance(there)).claimed).toEqual([])
  })

  it('one sweeps what is known of a request while the other sees it again: it stays known', async () => {
    const identity = { rule: 'delivery', key: 'k', value: 'k', window_ms: 1_000, body_hash: null } as const
    await here.accept({ now, events: [storedEvent({ identity })] })
    now += 1_001
    await between.query('begin')
    await between.query(`update known set until = ${now + 1_000}`)
    const sweeping = there.sweep({ succeeded_ms: 1e12, failed_ms: 1e12, now })
    await waiting(between, 1)
    await between.query('commit')
    await sweeping
    expect(await here.accept({ now, events: [storedEvent({ identity })] })).toMatchObject([
      { outcome: 'duplicate' },
    ])
  })

  it('both move one alias: the later one knows which version the earlier one set', async () => {
    const move = (version: string) => storedEvent({ holder: { key: 'resnet50:production', version } })
    await here.accept({ now, events: [move('v3')] })
    await between.query('begin')
    await between.query(`select pg_advisory_xact_lock(${-modelOf('wandb', 'resnet50:production')})`)
    await between.query("update known set value = 'v4' where value = 'v3'")
    const v5 = move('v5')
    const accepting = here.accept({ now, events: [v5] })
    await waiting(between, 1)
    await between.query('commit')
    await accepting
    const { event } = (await here.getEvent({ id: v5.id })) ?? { event: '{}' }
    expect(JSON.parse(event)).toMatchObject({ change: { previous_version: 'v4' } })
  })
})

/** Waits until so many transactions wait for a lock in this database. */
async function waiting(client: pg.Client, many: number): Promise<void> {
  await expect
    .poll(
      async () => {
        const { rows } = await client.query<{ n: number }>(
          `select count(*)::int as n from pg_stat_activity
           where datname = current_database() and wait_event_type = 'Lock'`,
        )
        return rows[0]?.n ?? 0
      },
      { timeout: 5_000, interval: 20 },
    )
    .toBeGreaterThanOrEqual(many)
}
