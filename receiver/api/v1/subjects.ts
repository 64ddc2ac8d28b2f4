import { z } from 'zod'
import { parse } from '../../store/json-text.ts'
import type { DeliverySummary, EventSummary } from '../../store/views.ts'
import type { Principal } from '../principal.ts'
import { route, type Route } from '../route.ts'
import { reasonsOf } from './reasons.ts'
import { limitParam, PAGE, pageOf, textParam, timeOf, timeParam } from './params.ts'
import { DELIVERY_STATUSES, listOf, problemText, time } from './schemas.ts'
import { ownEvent, scopeOf } from './scope.ts'
import { time as timeText, timeOrNull, waitingShape } from './shapes.ts'

const subject = z
  .object({
    source: z.string(),
    model: z.string(),
    alias: z.string().nullable(),
    events: z.int().describe('How many of the latest 2000 events.'),
    version: z.string().nullable().describe('As the last event says.'),
    author: z.string().nullable(),
    last_event: z.object({ id: z.string(), received_at: time }),
    deliveries: z
      .array(z.object({ id: z.string(), target: z.string(), status: z.enum(DELIVERY_STATUSES) }))
      .describe('Of the last event.'),
  })
  .meta({ id: 'Subject' })

const step = z
  .object({
    event_id: z.string(),
    at: time,
    type: z.string(),
    title: z.string(),
    author: z.string().nullable(),
    version: z.string().nullable(),
    previous_version: z.string().nullable(),
    replay_of: z.string().nullable(),
    matched: z.array(z.object({ automation: z.string(), reasons: z.array(z.string()) })),
    deliveries: z.array(
      z.object({
        id: z.string(),
        automation: z.string(),
        destination: z.object({ type: z.string(), target: z.string() }),
        status: z.enum(DELIVERY_STATUSES),
        dispatched_at: time.nullable().describe('When the request left that got through.'),
        waiting_for: z.object({ reason: z.string(), until: time.nullable() }).nullable(),
        superseded_by: z
          .string()
          .nullable()
          .describe('The event that took its place, if it is on this page.'),
        error: problemText.extend({ class: z.string() }).nullable(),
      }),
    ),
  })
  .meta({ id: 'Step' })

const listSubjects = route({
  id: 'listSubjects',
  method: 'get',
  path: '/subjects',
  tag: 'subjects',
  summary: 'Lists the models and aliases of the latest events.',
  role: 'read',
  limited: 'own',
  params: { limit: limitParam() },
  answers: { 200: listOf(subject, 'Those with the newest events first.') },
}).handle(async ({ params: { limit = 50 }, principal }, { store }) => {
  const found = await store.listSubjects({ limit, ...(await scopeOf(principal, store)) })
  const items = found.map(({ source, model, alias, events, event_id, received_at, ...last }) => {
    const { model: said, author } = parse(last.event)
    return {
      ...{ source, model, alias, events, author },
      version: said?.version ?? null,
      last_event: { id: event_id, received_at: timeText(received_at) },
      deliveries: ownEvent(last, principal).deliveries.map(({ id, target, status }) => ({
        id,
        target,
        status,
      })),
    }
  })
  return { status: 200, body: { items, next_cursor: null } }
})

const getSubject = route({
  id: 'getSubject',
  method: 'get',
  path: '/subjects/{id}',
  tag: 'subjects',
  summary:
    'Tells the story of one model and alias: who, when, matched why, dispatched when, superseded by what.',
  description: '`id` is the name of the model. Newest first.',
  role: 'read',
  limited: 'own',
  params: {
    alias: textParam('The alias. Default: every event of the model.'),
    source: textParam('The source.'),
    since: timeParam('Received at this time or later.'),
    until: timeParam('Received before this time.'),
    ...PAGE,
  },
  answers: { 200: listOf(step, 'A page of the story.') },
  problems: { subject_not_found: [404, 'The name holds what no name has.'] },
}).handle(async ({ path: { id: model = '' }, params, principal }, { store, runtime, clock }) => {
  const { alias, source, since, until, limit, cursor } = params
  const bounds = { since: timeOf(since), until: timeOf(until), ...pageOf({ limit, cursor }) }
  const scope = await scopeOf(principal, store)
  const page = await store.listEvents({ model, alias, source, ...bounds, ...scope })
  const items: z.input<typeof step>[] = []
  for (const [index, event] of page.items.entries()) {
    const matched = (await reasonsOf(store, runtime(), event)).filter((one) => one.matched)
    const newer = page.items.slice(0, index).reverse()
    items.push(stepOf(ownEvent(event, principal), { newer, now: clock.steady() }, own(matched, principal)))
  }
  return { status: 200, body: { items, next_cursor: page.next_cursor } }
})

/** The routes of subjects. */
export const SUBJECT_ROUTES: readonly Route[] = [listSubjects, getSubject]

type Matched = { automation: string; reasons: string[] }[]

const own = (matched: Matched, principal: Principal): Matched =>
  matched
    .filter(({ automation }) => principal.sees(automation))
    .map(({ automation, reasons }) => ({ automation, reasons }))

function stepOf(
  summary: EventSummary,
  { newer, now }: { newer: readonly EventSummary[]; now: number },
  matched: Matched,
): z.input<typeof step> {
  const { title, author, model, change, replay_of } = parse(summary.event)
  return {
    event_id: summary.id,
    at: timeText(summary.received_at),
    type: summary.type,
    ...{ title, author, replay_of, matched },
    version: model?.version ?? null,
    previous_version: change.previous_version,
    deliveries: summary.deliveries.map((delivery) => ({
      id: delivery.id,
      automation: delivery.automation,
      destination: { type: delivery.type, target: delivery.target },
      status: delivery.status,
      dispatched_at: timeOrNull(delivery.attempt_log.find((one) => one.class === 'success')?.at ?? null),
      waiting_for: waitingShape(delivery, now),
      superseded_by: delivery.status === 'superseded' ? supersededBy(delivery, newer) : null,
      error: delivery.error,
    })),
  }
}

/** Returns the next newer event with a delivery in the same slot. */
function supersededBy({ slot }: DeliverySummary, newer: readonly EventSummary[]): string | null {
  return newer.find(({ deliveries }) => deliveries.some((one) => one.slot === slot))?.id ?? null
}
