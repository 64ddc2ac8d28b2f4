import type { Clock } from '../../observe/clock.ts'
import type { BulkFilter, BulkRedelivered } from '../../store/records.ts'
import type { Store } from '../../store/store.ts'
import { BadQuery, filtersOf, forceOf, limitOf, textOf, type Params } from './query.ts'

/** What a bulk redelivery may start from. */
const ENDED: readonly BulkFilter['status'][] = ['failed', 'expired', 'canceled', 'superseded']
/** Deliveries put back in one transaction. */
const BATCH = 100
/**
 * Marks a cursor of this call. This call goes from old to new and the lists from new to old: with a list's cursor it
 * would put back just those that were not meant.
 */
const CURSOR = 'after-'

/** The names of the parameters of a bulk redelivery. */
export const BULK_PARAMS = ['status', 'automation', 'destination', 'event', 'force', 'limit', 'cursor']

/** Tells the engine in which lanes something may be claimed now. */
export type Wake = (lanes: readonly string[]) => void

/** The answer to a bulk redelivery. */
export interface RedeliveredMany {
  redelivered: number
  /** Left out, since a newer event has the slot. */
  stale: number
  /** Left out, since their event gave them no valid target. */
  no_target: number
  /** Pass as `cursor` for the rest; null when none is left. */
  next_cursor: string | null
  /** What to do about those without a target. */
  message?: string
}

/**
 * Puts every finished delivery that the filters name back into the queue, oldest first: all, or with `limit` at most
 * so many.
 *
 * @throws BadQuery before anything is put back.
 */
export async function redeliverMany(
  { store, clock, wake }: { store: Store; clock: Clock; wake: Wake },
  params: Params,
): Promise<RedeliveredMany> {
  const { status = 'failed', ...filters } = filtersOf(params, [
    'status',
    'automation',
    'destination',
    'event',
  ])
  const known = ENDED.find((one) => one === status)
  if (known === undefined) throw new BadQuery(`status must be one of ${ENDED.join(', ')}.`)
  const filter = { ...filters, status: known }
  const force = forceOf(params)
  const limit = limitOf(params) ?? Infinity
  const total: RedeliveredMany = { redelivered: 0, stale: 0, no_target: 0, next_cursor: null }
  let after: number | null = cursorOf(params)
  while (after !== null && total.redelivered < limit) {
    const part: BulkRedelivered = await store.redeliverMany({
      filter,
      force,
      after,
      // No more are looked at than may still be put back: so the cursor stands behind the last one.
      limit: Math.min(BATCH, limit - total.redelivered),
      now: clock.steady(),
    })
    wake(part.lanes)
    total.redelivered += part.queued
    total.stale += part.stale
    total.no_target += part.no_target
    after = part.next
  }
  if (after !== null) total.next_cursor = `${CURSOR}${after}`
  return total.no_target === 0 ? total : { ...total, message: withoutTarget(total.no_target, known) }
}

function cursorOf(params: Params): number {
  const cursor = textOf(params, 'cursor')
  if (cursor === undefined) return 0
  if (!cursor.startsWith(CURSOR) || !/^\d{1,15}$/.test(cursor.slice(CURSOR.length)))
    throw new BadQuery(
      'cursor must be the next_cursor of an earlier bulk redelivery; those of lists go the other way round.',
    )
  return Number(cursor.slice(CURSOR.length))
}

const withoutTarget = (n: number, status: string) =>
  `${n} had no valid target and stay as they are: GET /api/v1/deliveries?status=${status}&destination= lists them. ` +
  'Correct the automation as their error says, then replay their events.'
