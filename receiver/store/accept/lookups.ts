import { randomUUID } from 'node:crypto'
import type { ModelEvent } from '../../../src/contract/model-event.ts'
import type { Tx } from '../db.ts'
import { jsonText, parse, type JsonText } from '../json-text.ts'
import type {
  AdvanceLookups,
  AdvancedLookups,
  LookupSettled,
  SettledLookup,
  SettledStatus,
  TakenLookup,
} from '../lookup-records.ts'
import type { NewDelivery, NewEvent, Superseded } from '../records.ts'
import { eventsOf, matchEvent } from '../tables/events.ts'
import { keysOf, moveHolders, writeKnown, type KnownRow } from '../tables/known.ts'
import { openLanes, presentNames } from '../tables/lanes.ts'
import {
  dueLookups,
  endLookups,
  hasLookups,
  leasedLookups,
  leaseLookups,
  nextLookup,
  parkBehind,
  putOff,
  type Due,
  type LookupRow,
} from '../tables/lookups.ts'
import { isStale } from '../tables/slots.ts'
import { enqueue, planQueue, type Queued } from './enqueue.ts'
import { lockAndRead } from './lock-and-read.ts'

/** How many events are looked at in one statement: most that wait are behind another one of their model. */
const LOOKED_AT = 256
/** How often that is done in one transaction: accepting waits for it. */
const LOOKS = 4
/** The most events whose time is over that are taken at a time. */
const OVERDUE = 64

type Done = Extract<SettledLookup, { outcome: 'done' }>

/** Writes what registries said and leases what is due: see `Operations.advanceLookups`. */
export async function advanceLookups(
  tx: Tx,
  { settled, free, lease_ms }: AdvanceLookups,
): Promise<AdvancedLookups> {
  if (settled.length === 0 && !(await hasLookups(tx)))
    return { taken: [], settled: [], lanes: [], superseded: [], wait_ms: Infinity }
  const written = await settle(tx, settled)
  const taken: LookupRow[] = []
  let hasMore = false
  for (const [due, count] of [
    ['overdue', OVERDUE] as const,
    ...free.map((one) => [one, one.count] as const),
  ]) {
    const found = await take(tx, due, count)
    const lease = randomUUID()
    await leaseLookups(tx, found.rows, { lease, until: tx.now + lease_ms })
    taken.push(...found.rows.map((row) => ({ ...row, lease })))
    hasMore ||= found.has_more
  }
  const next = await nextLookup(tx)
  const wait_ms = hasMore ? 0 : next === null ? Infinity : next - tx.now
  return { ...written, taken: await describe(tx, taken), wait_ms }
}

/** Returns up to `count` look-ups that are due and the oldest of their model. */
async function take(tx: Tx, due: Due, count: number): Promise<{ rows: LookupRow[]; has_more: boolean }> {
  let oldest: LookupRow[] = []
  let has_more = count > 0
  for (let looks = 0; has_more && looks < LOOKS; looks += 1) {
    const found = await dueLookups(tx, due, LOOKED_AT)
    oldest = await parkBehind(tx, found)
    // Parked events made room for others.
    has_more = oldest.length < count && found.length === LOOKED_AT && oldest.length < found.length
  }
  return { rows: oldest.slice(0, count), has_more }
}

async function describe(tx: Tx, rows: readonly LookupRow[]): Promise<TakenLookup[]> {
  const events = await eventsOf(
    tx,
    rows.map(({ event_id }) => event_id),
  )
  return rows.flatMap((row): TakenLookup[] => {
    const stored = events.get(row.event_id)
    if (stored === undefined || row.lease === null) return []
    const { event_id, source, lease, tries } = row
    return [
      {
        ...{ event_id, source, lease, tries },
        event: stored.event,
        context: parse(stored.context),
        required: row.required === 1,
        last_error: row.error,
        waited_ms: tx.now - row.accepted_at,
        overdue: row.give_up_at <= tx.now,
      },
    ]
  })
}

async function settle(
  tx: Tx,
  results: readonly SettledLookup[],
): Promise<{ settled: LookupSettled[]; lanes: string[]; superseded: Superseded[] }> {
  const rows = await leasedLookups(tx, new Map(results.map(({ event_id, lease }) => [event_id, lease])))
  const done = results.filter((one): one is Done => one.outcome === 'done' && rows.has(one.event_id))
  const { stale, statuses, ...beside } = await matchAll(tx, done, rows)
  for (const one of results) {
    const row = rows.get(one.event_id)
    if (row !== undefined && one.outcome === 'again') await putOff(tx, row, one)
  }
  await endLookups(
    tx,
    done.flatMap(({ event_id }) => rows.get(event_id) ?? []),
  )
  const settled = results.map((one): LookupSettled => {
    if (!rows.has(one.event_id)) return { outcome: 'lost' }
    if (one.outcome === 'again') return { outcome: 'again' }
    const status = statuses.get(one.event_id) ?? one.status
    return { outcome: 'done', status, stale: stale.get(one.event_id) ?? [] }
  })
  return { settled, ...beside }
}

/** The present state that matters to results, read under its locks. */
async function look(tx: Tx, done: readonly Done[], rows: ReadonlyMap<string, LookupRow>) {
  const moves = done.map(({ event_id, holder }) => ({
    event_id,
    holder,
    keys: holderKeys(rows, event_id, holder),
  }))
  const { to_open, heads, known } = await lockAndRead(tx, {
    deliveries: done.flatMap(({ deliveries }) => deliveries),
    models: moves.map(({ keys }) => keys.model),
    places: moves.flatMap(({ keys }) => keys.holder ?? []),
    matched: done,
  })
  return { heads, to_open, ...moveHolders(moves, known, tx.now) }
}

function holderKeys(rows: ReadonlyMap<string, LookupRow>, id: string, holder: NewEvent['holder']) {
  const { source = '', home = '' } = rows.get(id) ?? {}
  const identity = { rule: 'delivery', key: id, value: id, window_ms: 0, body_hash: null } as const
  return keysOf({ source, home: home.slice(source.length + 1), identity, holder })
}

/** Gives events what came of their match, and puts their deliveries into the queue at the places of the events. */
async function matchAll(tx: Tx, done: readonly Done[], rows: ReadonlyMap<string, LookupRow>) {
  const { heads, to_open, before, writes } = await look(tx, done, rows)
  const present = presentNames(to_open)
  const events = await eventsOf(
    tx,
    done.map(({ event_id }) => event_id),
  )
  const stale = new Map<string, string[]>()
  const statuses = new Map<string, SettledStatus>()
  const queued: Queued[] = []
  for (const one of done) {
    const { event_id } = one
    const stored = events.get(event_id)
    const place = stored?.place ?? stored?.seq ?? 0
    const force = rows.get(event_id)?.force === 1
    const { kept, late } = await withoutStale(tx, one.deliveries, { place, force })
    stale.set(event_id, late)
    const status = late.length > 0 && kept.length === 0 ? 'stale' : one.status
    statuses.set(event_id, status)
    const event = withPrevious(one.event, before.get(event_id) ?? null)
    await matchEvent(tx, event_id, { status, event })
    // With a place of its own, like a replay: newer events of the same slot may be in the queue already.
    for (const delivery of kept)
      queued.push({
        event_id,
        place,
        delivery: { ...delivery, lane: present.get(delivery.lane) ?? delivery.lane },
      })
  }
  const queue = await planQueue(tx, queued, heads)
  const rowsOf = ({ model, what, value, until }: KnownRow) => ({ model, what, value, until })
  const { lanes: promoted, superseded } = await enqueue(tx, queue, [
    ...(writes.length === 0 ? [] : [writeKnown(writes.map(rowsOf))]),
    ...openLanes(tx, to_open),
  ])
  const where = queued.filter(({ delivery }) => delivery.error === null).map(({ delivery }) => delivery.lane)
  return { stale, statuses, lanes: [...new Set([...where, ...promoted])], superseded }
}

/** Leaves out deliveries of an event that a newer one of their slot has got ahead of. */
async function withoutStale(
  tx: Tx,
  deliveries: readonly NewDelivery[],
  { place, force }: { place: number; force: boolean },
): Promise<{ kept: NewDelivery[]; late: string[] }> {
  const kept: NewDelivery[] = []
  const late: string[] = []
  for (const delivery of deliveries) {
    const isLate = !force && delivery.error === null && (await isStale(tx, { ...delivery, place }))
    if (isLate) late.push(delivery.id)
    else kept.push(delivery)
  }
  return { kept, late }
}

function withPrevious(text: JsonText<ModelEvent>, previous_version: string | null): JsonText<ModelEvent> {
  if (previous_version === null) return text
  const event = parse(text)
  return jsonText({ ...event, change: { ...event.change, previous_version } })
}

/** Returns the row of a new event that waits; none where it does not. */
export function newLookup({ now }: Tx, { id, source, home, lookup }: NewEvent) {
  if (lookup === undefined) return []
  return [
    {
      event_id: id,
      // The table takes it from the event.
      seq: 0,
      source,
      // A replay waits for no other event: its place says what it comes before.
      home: home === null ? `${source}:replay ${id}` : `${source}:${home}`,
      required: lookup.required ? 1 : 0,
      force: lookup.force ? 1 : 0,
      tries: 0,
      accepted_at: now,
      due_at: now,
      give_up_at: now + lookup.give_up_ms,
    },
  ]
}
