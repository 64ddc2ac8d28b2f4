import { z } from 'zod'
import type { BulkFilter } from '../../store/records.ts'
import { route } from '../route.ts'
import { BadQuery } from '../params.ts'
import { FORCE, limitParam, textParam, wordParam } from './params.ts'

/** What a bulk redelivery may start from. */
const ENDED = [
  'failed',
  'expired',
  'canceled',
  'superseded',
] as const satisfies readonly BulkFilter['status'][]
/** Deliveries put back in one transaction. */
const BATCH = 100
/**
 * Marks a cursor of this call. This call goes from old to new and the lists from new to old: with a list's cursor it
 * would put back just those that were not meant.
 */
const CURSOR = 'after-'

const redeliveredMany = z.object({
  redelivered: z.int(),
  stale: z.int().describe('Left out, since a newer event has the slot.'),
  no_target: z.int().describe('Left out, since their event gave them no valid target.'),
  next_cursor: z.string().nullable().describe('Pass it as `cursor` for the rest; null when none is left.'),
  message: z.string().optional().describe('What to do about those without a target.'),
})

/** Puts every finished delivery that the filters name back into the queue, oldest first. */
export const redeliverAll = route({
  id: 'redeliverMany',
  method: 'post',
  path: '/deliveries/redeliver',
  tag: 'deliveries',
  summary: 'Puts many finished deliveries back into the queue, oldest first.',
  role: 'write',
  limited: 'refused',
  params: {
    status: wordParam(ENDED, 'What they have ended as. Default: failed.'),
    automation: textParam('The name of the automation.'),
    destination: textParam('Where they go: the target of a destination.'),
    event: textParam('The id of the event.'),
    force: FORCE,
    limit: limitParam('How many at most. Default: all.'),
    cursor: textParam('The next_cursor of an earlier bulk redelivery.'),
  },
  answers: { 202: redeliveredMany.describe('They are tried again.') },
}).handle(async (input, { store, clock, wake, audit }) => {
  const { status = 'failed', force = false, limit = Infinity, cursor, ...filters } = input.params
  let after: number | null = afterOf(cursor)
  const counts = { redelivered: 0, stale: 0, no_target: 0 }
  const filter = { ...filters, status }
  while (after !== null && counts.redelivered < limit) {
    // No more are looked at than may still be put back: so the cursor stands behind the last one.
    const most = Math.min(BATCH, limit - counts.redelivered)
    const part = await store.redeliverMany({ filter, force, after, limit: most, now: clock.steady() })
    wake(part.lanes)
    counts.redelivered += part.queued
    counts.stale += part.stale
    counts.no_target += part.no_target
    after = part.next
  }
  audit.did(input, 'redeliver many', { filters: input.params, ...counts })
  const next_cursor = after === null ? null : `${CURSOR}${after}`
  const message = counts.no_target === 0 ? {} : { message: withoutTarget(counts.no_target, status) }
  return { status: 202, body: { ...counts, next_cursor, ...message } }
})

function afterOf(cursor: string | undefined): number {
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
