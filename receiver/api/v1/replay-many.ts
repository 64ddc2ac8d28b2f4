import { z } from 'zod'
import { previewReplay, replayEvent } from '../../deliveries/replay.ts'
import type { EventFilter, EventSummary } from '../../store/views.ts'
import type { ApiContext } from '../context.ts'
import { route } from '../route.ts'
import { BULK, countByTarget, FIRST, spanOf } from './bulk.ts'
import { FORCE, PAGE, textParam, wordParam } from './params.ts'

/** How many events one call replays: the rest has a cursor. */
const MOST = 1_000
/** Events that are read at a time. */
const BATCH = 200

const counts = z.object({
  events: z.int().describe('How many events were replayed; in a dry run, would be.'),
  deliveries: z.int().describe('How many deliveries that made; in a dry run, would make.'),
  stale: z.int().describe('Deliveries left out, since a newer event has their slot.'),
  unmatched: z.int().describe('Events that no automation of today wants.'),
  source_gone: z.int().describe('Events whose source is no longer configured.'),
  next_cursor: z
    .string()
    .nullable()
    .describe('Pass it as `cursor` for what is older; null when none is left.'),
})

const previewed = counts.extend({
  dry_run: z.literal(true),
  by_target: z.array(z.object({ target: z.string(), count: z.int() })),
  first: z
    .array(z.object({ event_id: z.string(), automation: z.string(), target: z.string() }))
    .describe('The first 20.'),
  stale_first: z.array(z.object({ event_id: z.string(), automation: z.string(), target: z.string() })),
})

/** Sends many events through today's automations again. */
export const replayAll = route({
  id: 'replayMany',
  method: 'post',
  path: '/events/replay',
  tag: 'events',
  summary: "Sends many events through today's automations, at most 1000 in one call.",
  description:
    'Needs `since`, or `"all": true`. Look with `"dry_run": true` first. Of these, the oldest goes first.',
  role: 'write',
  limited: 'refused',
  params: {
    source: textParam('The name of the source.'),
    type: textParam("The registry's own name of the event."),
    kind: textParam('The neutral kind, such as alias.added.'),
    automation: textParam('An automation that has a delivery of the event.'),
    status: wordParam(['matched', 'unmatched'], 'What they were when they came. Default: both.'),
    model: textParam('The name of the model, in full.'),
    alias: textParam('The alias that was added or removed.'),
    q: textParam('Text in the event, whatever its case.'),
    ...BULK,
    force: FORCE,
    cursor: PAGE.cursor,
  },
  answers: {
    200: previewed.describe('A dry run: nothing was sent.'),
    202: counts.describe('They are on their way.'),
  },
}).handle(async (input, context) => {
  const { since, until, all, force = false, dry_run = false, cursor, ...filters } = input.params
  const span = spanOf({ since, until, all })
  const { events, next_cursor } = await collect(context, { ...filters, ...span, limit: BATCH, cursor })
  const done = newDone()
  for (const { id } of events) await (dry_run ? preview : replay)(context, { id, force }, done)
  const { made, left_out, ...numbers } = done
  const body = { ...numbers, deliveries: made.length, stale: left_out.length, next_cursor }
  if (!dry_run) {
    context.audit.did(input, 'replay many', { filters: input.params, ...body })
    return { status: 202, body }
  }
  const by_target = countByTarget(made.map(({ target }) => target))
  const lists = { first: made.slice(0, FIRST), stale_first: left_out.slice(0, FIRST) }
  return { status: 200, body: { ...body, dry_run: true, by_target, ...lists } }
})

interface Planned {
  event_id: string
  automation: string
  target: string
}

interface Done {
  events: number
  unmatched: number
  source_gone: number
  made: Planned[]
  left_out: Planned[]
}

const newDone = (): Done => ({ events: 0, unmatched: 0, source_gone: 0, made: [], left_out: [] })

/** Returns the events that the filters choose, oldest first, and where older ones begin. Replays are no new events. */
async function collect(
  { store }: ApiContext,
  filter: EventFilter,
): Promise<{ events: EventSummary[]; next_cursor: string | null }> {
  const found: EventSummary[] = []
  let cursor: string | null | undefined = filter.cursor
  do {
    const page = await store.listEvents({ ...filter, cursor, limit: Math.min(BATCH, MOST - found.length) })
    found.push(...page.items)
    cursor = page.next_cursor
  } while (cursor !== null && found.length < MOST)
  return { events: found.reverse(), next_cursor: cursor }
}

async function replay(
  context: ApiContext,
  { id, force }: { id: string; force: boolean },
  done: Done,
): Promise<void> {
  const replayed = await replayEvent(context, id, force)
  if (replayed.outcome === 'source_gone') done.source_gone += 1
  if (replayed.outcome !== 'replayed') {
    if (replayed.outcome === 'stale') done.left_out.push({ event_id: id, automation: '', target: '' })
    return
  }
  done.events += 1
  const { deliveries, stale } = replayed
  if (deliveries.length === 0 && stale === 0) done.unmatched += 1
  const one = { event_id: id, automation: '', target: '' }
  done.made.push(...deliveries.map(() => one))
  done.left_out.push(...Array.from({ length: stale }, () => one))
}

async function preview(
  context: ApiContext,
  { id, force }: { id: string; force: boolean },
  done: Done,
): Promise<void> {
  const planned = await previewReplay(context, id, force)
  if (planned === 'source_gone') done.source_gone += 1
  if (planned === 'source_gone' || planned === 'not_found') return
  const { deliveries, stale } = planned
  if (deliveries.length > 0 || stale.length === 0) done.events += 1
  if (deliveries.length === 0 && stale.length === 0) done.unmatched += 1
  const short = ({ automation, target }: { automation: string; target: string }) => ({
    event_id: id,
    automation,
    target,
  })
  done.made.push(...deliveries.map(short))
  done.left_out.push(...stale.map(short))
}
