import type { Selectable } from 'kysely'
import type { Db, Flavor } from '../db.ts'
import type { BulkFilter, BulkRedelivered, Canceled, Redelivered } from '../records.ts'
import type { DeliveriesTable } from '../schema.ts'
import { resetAlarms } from '../tables/lanes.ts'
import { presentLanes } from '../upkeep/rename-lane.ts'
import { isStale, promoteHeads } from '../tables/subjects.ts'
import { PENDING } from '../tables/literals.ts'

type Row = Pick<Selectable<DeliveriesTable>, (typeof COLUMNS)[number]>
const COLUMNS = [
  'id',
  'seq',
  'subject',
  'place',
  'lane',
  'status',
  'ordered',
  'expires_after',
] as const satisfies readonly (keyof DeliveriesTable)[]

/**
 * Puts a finished delivery back into the queue under its own id: the whole schedule again, at its old place in
 * its subject. `force` skips the question whether it is stale.
 */
export async function redeliver(
  db: Db,
  flavor: Flavor,
  { id, force, now }: { id: string; force: boolean; now: number },
): Promise<Redelivered> {
  const found = await lockRow(db, flavor, id)
  if (found === null) return { outcome: 'not_found' }
  const row = { ...found.row, lane: found.present_lane }
  const put = await putBack(db, flavor, row, force, now)
  if (put.outcome === 'queued') await resetAlarms(db, [row.lane], now)
  return put
}

/** The same for up to `limit` deliveries, oldest first. */
export async function redeliverMany(
  db: Db,
  flavor: Flavor,
  args: { filter: BulkFilter; force: boolean; after: number; limit: number; now: number },
): Promise<BulkRedelivered> {
  const { filter, force, after, limit, now } = args
  let query = db
    .selectFrom('deliveries')
    .select(COLUMNS)
    .where('status', '=', filter.status)
    .where('ended_at', 'is not', null)
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(limit)
  if (filter.automation !== undefined) query = query.where('automation', '=', filter.automation)
  if (filter.destination !== undefined) query = query.where('target', '=', filter.destination)
  if (filter.event !== undefined) query = query.where('event_id', '=', filter.event)
  const rows = await query.execute()
  const present = await presentLanes(
    db,
    rows.map(({ lane }) => lane),
  )
  const lanes = [...present.values()]
  await flavor.lockLanes(db, lanes)
  await flavor.lockSubjects(
    db,
    rows.map(({ subject }) => subject),
  )
  const counts = { queued: 0, stale: 0, no_target: 0 }
  const awake = new Set<string>()
  for (const row of rows) {
    const moved = { ...row, lane: present.get(row.lane) ?? row.lane }
    const put = await putBack(db, flavor, moved, force, now)
    if (put.outcome in counts) counts[put.outcome as keyof typeof counts] += 1
    if (put.outcome === 'queued') for (const lane of put.lanes) awake.add(lane)
  }
  await resetAlarms(db, lanes, now)
  return { ...counts, lanes: [...awake], next: rows.length < limit ? null : (rows.at(-1)?.seq ?? null) }
}

async function putBack(
  db: Db,
  flavor: Flavor,
  row: Row,
  force: boolean,
  now: number,
): Promise<Exclude<Redelivered, { outcome: 'not_found' }>> {
  if (row.status === 'pending' || row.status === 'delivering') return { outcome: 'unfinished' }
  if (row.lane === '') return { outcome: 'no_target' }
  if (!force && (await isStale(db, row.subject, row.place))) return { outcome: 'stale' }
  const { numUpdatedRows } = await db
    .updateTable('deliveries')
    .set({
      status: 'pending',
      lane: row.lane,
      head: row.ordered === 1 ? 0 : 1,
      attempts: 0,
      due_at: now,
      ended_at: null,
      expires_at: row.expires_after === null ? null : now + row.expires_after,
    })
    .where('id', '=', row.id)
    .where('status', '=', row.status)
    .executeTakeFirstOrThrow()
  // Someone else has put it back since it was read.
  if (numUpdatedRows === 0n) return { outcome: 'unfinished' }
  const promoted = row.ordered === 1 ? await promoteHeads(db, flavor, [row.subject]) : []
  return { outcome: 'queued', lanes: [row.lane, ...promoted] }
}

/** Ends a waiting delivery for good; one that is under way or finished stays as it is. */
export async function cancel(
  db: Db,
  flavor: Flavor,
  { id, now }: { id: string; now: number },
): Promise<Canceled> {
  const found = await lockRow(db, flavor, id)
  if (found === null) return { outcome: 'not_found' }
  const { row, present_lane } = found
  if (row.status !== 'pending') return { outcome: 'kept', status: row.status }
  const { numUpdatedRows } = await db
    .updateTable('deliveries')
    .set({ status: 'canceled', head: 0, ended_at: now })
    .where('id', '=', id)
    .where('status', '=', PENDING)
    .executeTakeFirstOrThrow()
  // Its lane got another name just now, and there it has been claimed.
  if (numUpdatedRows === 0n) return { outcome: 'kept', status: 'delivering' }
  const promoted = row.ordered === 1 ? await promoteHeads(db, flavor, [row.subject]) : []
  await resetAlarms(db, [row.lane, present_lane], now)
  return { outcome: 'canceled', lanes: [row.lane, ...promoted] }
}

/** The row as it is under the locks of its lane and subject, and what its lane is called now. */
async function lockRow(
  db: Db,
  flavor: Flavor,
  id: string,
): Promise<{ row: Row; present_lane: string } | null> {
  const find = () => db.selectFrom('deliveries').select(COLUMNS).where('id', '=', id).executeTakeFirst()
  const seen = await find()
  if (seen === undefined) return null
  const present_lane = (await presentLanes(db, [seen.lane])).get(seen.lane) ?? seen.lane
  await flavor.lockLanes(db, [seen.lane, present_lane])
  await flavor.lockSubjects(db, [seen.subject])
  const row = await find()
  return row === undefined ? null : { row, present_lane }
}
