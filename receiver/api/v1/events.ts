import { z } from 'zod'
import { replayEvent, type Replayer } from '../../deliveries/replay.ts'
import { parse } from '../../store/json-text.ts'
import type { Store } from '../../store/store.ts'
import type { EventDetail } from '../../store/views.ts'
import type { Principal } from '../principal.ts'
import { ApiProblem } from '../problem.ts'
import { route, type Route } from '../route.ts'
import { FORCE, HOW_TO_FORCE, PAGE, pageOf, textParam, timeOf, timeParam, wordParam } from './params.ts'
import { reasonsOf } from './reasons.ts'
import { replayAll } from './replay-many.ts'
import { replayMessage } from './replay-message.ts'
import { event, EVENT_STATUSES, eventDetail, listOf } from './schemas.ts'
import { eventDetailShape, eventShape } from './shapes.ts'
import { ownEvent, scopeOf, seesEvent } from './scope.ts'

/** The filters that choose events by what they are. */
export const EVENT_FILTERS = {
  source: textParam('The name of the source.'),
  type: textParam("The registry's own name of the event."),
  kind: textParam('The neutral kind, such as alias.added.'),
  automation: textParam('An automation that has a delivery of the event.'),
  status: wordParam(
    EVENT_STATUSES,
    'What became of it: unmatched where no automation wanted it, enriching while its registry is asked.',
  ),
  model: textParam('The name of the model, in full.'),
  alias: textParam('The alias that was added or removed.'),
  since: timeParam('Received at this time or later.'),
  until: timeParam('Received before this time.'),
  q: textParam('Text in the title, whatever its case.'),
}

const listEvents = route({
  id: 'listEvents',
  method: 'get',
  path: '/events',
  tag: 'events',
  summary: 'Lists events, newest first.',
  role: 'read',
  limited: 'own',
  params: { ...EVENT_FILTERS, ...PAGE },
  answers: { 200: listOf(event, 'A page of events.') },
}).handle(async ({ params, principal }, { store, clock }) => {
  const { status, since, until, limit, cursor, ...filters } = params
  const bounds = { since: timeOf(since), until: timeOf(until), ...pageOf({ limit, cursor }) }
  const scope = await scopeOf(principal, store)
  const page = await store.listEvents({ ...filters, status, ...bounds, ...scope })
  const items = page.items.map((item) => eventShape(ownEvent(item, principal), clock.steady()))
  return { status: 200, body: { items, next_cursor: page.next_cursor } }
})

const getEvent = route({
  id: 'getEvent',
  method: 'get',
  path: '/events/{id}',
  tag: 'events',
  summary: 'Returns one event, with its body and why each automation wanted it or not.',
  role: 'read',
  limited: 'own',
  answers: { 200: eventDetail },
  problems: { event_not_found: [404, 'There is no such event, or the token may not see it.'] },
}).handle(async ({ path: { id = '' }, principal }, { store, runtime, clock }) => {
  const found = await findEvent(store, id, principal)
  const matches = (await reasonsOf(store, runtime(), found)).filter((one) => principal.sees(one.automation))
  return { status: 200, body: eventDetailShape(ownEvent(found, principal), matches, clock.steady()) }
})

const replayed = z.object({
  status: z.literal('accepted'),
  event_id: z.string().describe('The new event.'),
  replay_of: z.string(),
  deliveries: z.array(z.string()),
  stale: z.int().describe('Left out, since a newer event has their slot.'),
  message: z.string().nullable(),
})

const replayOne = route({
  id: 'replayEvent',
  method: 'post',
  path: '/events/{id}/replay',
  tag: 'events',
  summary: "Sends an event through today's automations.",
  description:
    'Makes new deliveries with `replay_of`. What would roll a newer event back is left out unless `force`.',
  role: 'write',
  limited: 'refused',
  params: { force: FORCE },
  answers: { 202: replayed.describe('It is on its way.') },
  problems: {
    event_not_found: [404, 'There is no such event.'],
    source_gone: [409, 'Its source is no longer configured.'],
    event_enriching: [409, 'Its registry is being asked; it is matched after that.'],
    event_stale: [409, 'A newer event has the slot of every delivery, or its alias has left the version.'],
  },
}).handle(async (input, context) => {
  const { id = '' } = input.path
  const { force = false } = input.params
  const done = await replayEvent(context, id, force)
  context.audit.did(input, 'replay', { id, force, outcome: done.outcome })
  if (done.outcome === 'not_found') throw notFound(id)
  if (done.outcome === 'source_gone') {
    const detail = `Its source "${done.source}" is no longer configured. Configure it again, then replay.`
    throw new ApiProblem(409, 'source_gone', detail)
  }
  if (done.outcome === 'enriching')
    throw new ApiProblem(
      409,
      'event_enriching',
      `The registry is being asked about ${id}. It is matched after that.`,
    )
  if (done.outcome === 'stale') throw new ApiProblem(409, 'event_stale', STALE, { event_id: id })
  const { event_id, deliveries, stale } = done
  const message = await messageOf(context, event_id, stale)
  return { status: 202, body: { status: 'accepted', event_id, replay_of: id, deliveries, stale, message } }
})

/** The routes of events. */
export const EVENT_ROUTES: readonly Route[] = [listEvents, replayAll, getEvent, replayOne]

/** Returns an event that this token may see. */
async function findEvent(store: Store, id: string, principal: Principal): Promise<EventDetail> {
  const found = await store.getEvent({ id })
  if (found === null || !seesEvent(found, principal)) throw notFound(id)
  return found
}

const notFound = (id: string) => new ApiProblem(404, 'event_not_found', `There is no event "${id}".`)

const STALE = `A newer event about the same model and slot has been delivered or is on its way; this one would roll it back. ${HOW_TO_FORCE}`

/** Returns what comes of a replay, from what has been stored of it. */
async function messageOf({ store, runtime }: Replayer, id: string, stale: number): Promise<string | null> {
  const found = await store.getEvent({ id })
  return found === null
    ? null
    : replayMessage(parse(found.event), found.deliveries, await reasonsOf(store, runtime(), found), stale)
}
