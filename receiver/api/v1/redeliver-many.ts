import { z } from 'zod'
import type { BulkFilter } from '../../store/records.ts'
import type { ApiContext } from '../context.ts'
import { BadQuery } from '../params.ts'
import { route } from '../route.ts'
import { BULK, countByTarget, FIRST, spanOf } from './bulk.ts'
import { FORCE, limitParam, textParam, wordParam } from './params.ts'
import { scopeOf } from './scope.ts'

/** The selection of a bulk redelivery. */
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
  redelivered: z.int().describe('How many are tried again; in a dry run, would be.'),
  stale: z.int().describe('Left out, since a newer event has the slot.'),
  no_target: z.int().describe('Left out, since their event gave them no valid target.'),
  next_cursor: z.string().nullable().describe('Pass it as `cursor` for the rest; null when none is left.'),
  message: z.string().optional().describe('What to do about those without a target.'),
})

const previewed = redeliveredMany.extend({
  dry_run: z.literal(true),
  by_target: z.array(z.object({ target: z.string(), count: z.int() })),
  first: z
    .array(z.object({ id: z.string(), automation: z.string(), target: z.string() }))
    .describe('The first 20.'),
  stale_first: z.array(z.object({ id: z.string(), automation: z.string(), target: z.string() })),
})

/** Puts every finished delivery that the filters name back into the queue, oldest first. */
export const redeliverAll = route({
  id: 'redeliverMany',
  method: 'post',
  path: '/deliveries/redeliver',
  tag: 'deliveries',
  summary: 'Puts many finished deliveries back into the queue, oldest first.',
  description: 'Needs `since`, or `"all": true`. Look with `"dry_run": true` first.',
  role: 'write',
  limited: 'own',
  params: {
    status: wordParam(ENDED, 'What they have ended as. Default: failed.'),
    automation: textParam('The name of the automation.'),
    destination: textParam('Where they go: the target of a destination.'),
    event: textParam('The id of the event.'),
    model: textParam('The name of the model, in full.'),
    alias: textParam('The alias that was added or removed.'),
    ...BULK,
    force: FORCE,
    limit: limitParam('How many at most. Default: all.'),
    cursor: textParam('The next_cursor of an earlier bulk redelivery.'),
  },
  answers: {
    200: previewed.describe('A dry run: nothing was sent.'),
    202: redeliveredMany.describe('They are tried again.'),
  },
}).handle(async (input, context) => {
  const {
    status = 'failed',
    force = false,
    limit = Infinity,
    cursor,
    dry_run = false,
    ...rest
  } = input.params
  const { since, until, all, ...filters } = rest
  const span = spanOf({ since, until, all })
  const scope = await scopeOf(input.principal, context.store)
  const run: Run = { filter: { ...filters, ...span, ...scope, status }, force, limit, after: afterOf(cursor) }
  const { after, items, ...counts } = dry_run ? await preview(run, context) : await putBack(run, context)
  const next_cursor = after === null ? null : `${CURSOR}${after}`
  const message = counts.no_target === 0 ? {} : { message: withoutTarget(counts.no_target, status) }
  const body = { ...counts, next_cursor, ...message }
  if (!dry_run) {
    context.audit.did(input, 'redeliver many', { filters: input.params, ...counts })
    return { status: 202, body }
  }
  const [good, stale] = [items.filter((one) => !one.stale), items.filter((one) => one.stale)]
  const short = ({ id, automation, target }: Item) => ({ id, automation, target })
  return {
    status: 200,
    body: {
      ...{ ...body, dry_run: true },
      by_target: countByTarget(good.map(({ target }) => target)),
      first: good.slice(0, FIRST).map(short),
      stale_first: stale.slice(0, FIRST).map(short),
    },
  }
})

/** A bulk redelivery. */
interface Run {
  filter: BulkFilter
  force: boolean
  limit: number
  after: number | null
}

interface Item {
  id: string
  automation: string
  target: string
  stale: boolean
}

interface Done {
  redelivered: number
  stale: number
  no_target: number
  after: number | null
  items: Item[]
}

async function putBack(
  { filter, force, limit, after }: Run,
  { store, clock, wake }: ApiContext,
): Promise<Done> {
  const done: Done = { redelivered: 0, stale: 0, no_target: 0, after, items: [] }
  while (done.after !== null && done.redelivered < limit) {
    // No more are looked at than may still be put back: so the cursor stands behind the last one.
    const most = Math.min(BATCH, limit - done.redelivered)
    const args = { filter, force, after: done.after, limit: most, now: clock.steady() }
    const part = await store.redeliverMany(args)
    wake(part.lanes)
    done.redelivered += part.queued
    done.stale += part.stale
    done.no_target += part.no_target
    done.after = part.next
  }
  return done
}

async function preview({ filter, force, limit, after }: Run, { store }: ApiContext): Promise<Done> {
  const done: Done = { redelivered: 0, stale: 0, no_target: 0, after, items: [] }
  while (done.after !== null && done.redelivered < limit) {
    const most = Math.min(BATCH, limit - done.redelivered)
    const part = await store.previewRedeliver({ filter, force, after: done.after, limit: most })
    for (const item of part.items) {
      if (item.no_target) done.no_target += 1
      else done[item.stale ? 'stale' : 'redelivered'] += 1
      if (!item.no_target) done.items.push(item)
    }
    done.after = part.next
  }
  return done
}

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
