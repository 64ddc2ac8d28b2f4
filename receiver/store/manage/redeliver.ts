import type { Queries, Tx } from '../db.ts'
import type { BulkFilter, BulkRedelivered, Redelivered } from '../records.ts'
import { requeue } from '../tables/deliveries.ts'
import { promote } from '../tables/heads.ts'
import { presentLanes, setWakeTimes } from '../tables/lanes.ts'
import { isStale } from '../tables/slots.ts'
import { COLUMNS, lockDelivery, type DeliveryRow } from './lock-delivery.ts'

/** Puts a finished delivery back into the queue: see `Operations.redeliver`. */
export async function redeliver(tx: Tx, { id, force }: { id: string; force: boolean }): Promise<Redelivered> {
  const found = await lockDelivery(tx, id)
  if (found === null) return { outcome: 'not_found' }
  const row = { ...found.row, lane: found.present_lane }
  const put = await putBack(tx, row, force)
  if (put.outcome === 'queued') await setWakeTimes(tx, [row.lane])
  return put
}

/** Puts many finished deliveries back into the queue: see `Operations.redeliverMany`. */
export async function redeliverMany(
  tx: Tx,
  { filter, force, after, limit }: { filter: BulkFilter; force: boolean; after: number; limit: number },
): Promise<BulkRedelivered> {
  const rows = await readFinished(tx, filter, { after, limit })
  const present = await presentLanes(
    tx,
    rows.map(({ lane }) => lane),
  )
  const lanes = [...present.values()]
  await tx.lock({ lanes, subjects: rows.map(({ subject }) => subject) })
  const counts = { queued: 0, stale: 0, no_target: 0 }
  const woken = new Set<string>()
  for (const row of rows) {
    const put = await putBack(tx, { ...row, lane: present.get(row.lane) ?? row.lane }, force)
    if (put.outcome in counts) counts[put.outcome as keyof typeof counts] += 1
    if (put.outcome === 'queued') for (const lane of put.lanes) woken.add(lane)
  }
  await setWakeTimes(tx, lanes)
  return { ...counts, lanes: [...woken], next: rows.length < limit ? null : (rows.at(-1)?.seq ?? null) }
}

/** Returns the finished deliveries that a bulk redelivery means, oldest first. */
export async function readFinished(
  { db }: Queries,
  filter: BulkFilter,
  { after, limit }: { after: number; limit: number },
): Promise<(DeliveryRow & { automation: string; target: string })[]> {
  const { status, automation, automations, destination, event, model, alias, since, until } = filter
  let query = db
    .selectFrom('deliveries')
    .select([...COLUMNS, 'automation', 'target'])
    .where('status', '=', status)
    .where('ended_at', 'is not', null)
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(limit)
  if (automation !== undefined) query = query.where('automation', '=', automation)
  if (automations !== undefined) query = query.where('automation', 'in', [...automations, ''])
  if (destination !== undefined) query = query.where('target', '=', destination)
  if (event !== undefined) query = query.where('event_id', '=', event)
  if (since !== undefined) query = query.where('created_at', '>=', since)
  if (until !== undefined) query = query.where('created_at', '<', until)
  if (model !== undefined || alias !== undefined)
    query = query.where((eb) => {
      const events = eb.selectFrom('events').select('id').whereRef('events.id', '=', 'deliveries.event_id')
      const named = model === undefined ? events : events.where('model', '=', model)
      return eb.exists(alias === undefined ? named : named.where('alias', '=', alias))
    })
  return query.execute()
}

/** The caller holds the locks of the delivery's lane and subject. */
async function putBack(
  tx: Tx,
  row: DeliveryRow,
  force: boolean,
): Promise<Exclude<Redelivered, { outcome: 'not_found' }>> {
  const { status, lane, subject, ordered } = row
  if (status === 'pending' || status === 'delivering') return { outcome: 'unfinished' }
  if (lane === '') return { outcome: 'no_target' }
  if (!force && (await isStale(tx, row))) return { outcome: 'stale' }
  // Someone else has put it back since it was read.
  if (!(await requeue(tx, { ...row, status }))) return { outcome: 'unfinished' }
  const promoted = ordered === 1 ? await promote(tx, [subject]) : []
  return { outcome: 'queued', lanes: [lane, ...promoted] }
}
