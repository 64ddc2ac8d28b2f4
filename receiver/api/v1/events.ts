import { Router, type Response } from 'express'
import type { AutomationSpec, MatchResult } from '../../automations/automation.ts'
import { compileAutomation } from '../../automations/compile.ts'
import { explainEvent } from '../../automations/explain.ts'
import { dropInResult } from '../../deliveries/drop-in.ts'
import { replayEvent, type Replayer } from '../../deliveries/replay.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { parse } from '../../store/json-text.ts'
import type { EventDetail } from '../../store/views.ts'
import type { Store } from '../../store/store.ts'
import type { Audit } from '../audit.ts'
import { problem } from '../problem.ts'
import { BadQuery, filtersOf, forceOf, HOW_TO_FORCE, pageOf, paramsOf } from './query.ts'
import { replayMessage } from './replay-message.ts'
import { eventDetailShape, eventShape } from './shapes.ts'
import { isStorable } from './storable.ts'

/** Every status that an event can have; look-ups alone give the last three. */
const STATUSES = ['matched', 'unmatched', 'enriching', 'stale', 'lookup_failed']
const KEPT = STATUSES.slice(0, 2)

const FILTERS = ['source', 'type', 'kind', 'automation', 'status'] as const

/** Returns `GET /events`, `GET /events/{id}`, `POST /events/{id}/replay`. */
export function eventsRouter(replayer: Replayer, audit: Audit): Router {
  const { store, runtime, clock } = replayer
  const router = Router({ caseSensitive: true })
  router.param('id', (_request, response, next, id: string) => {
    if (isStorable(id)) next()
    else notFound(response, id)
  })
  router.get('/events', async (request, response) => {
    const params = paramsOf(request, [...FILTERS, 'limit', 'cursor'])
    const filters = filtersOf(params, FILTERS)
    const { status } = filters
    const page = pageOf(params)
    if (status !== undefined && !STATUSES.includes(status))
      throw new BadQuery(`status must be one of ${STATUSES.join(', ')}.`)
    if (status !== undefined && !KEPT.includes(status)) {
      response.json({ items: [], next_cursor: null })
      return
    }
    const { items, next_cursor } = await store.listEvents({ ...filters, ...page })
    response.json({ items: items.map((item) => eventShape(item, clock.steady())), next_cursor })
  })
  router.get('/events/:id', async (request, response) => {
    const { id } = request.params
    const event = await store.getEvent({ id })
    if (event === null) notFound(response, id)
    else response.json(eventDetailShape(event, await reasons(store, runtime(), event), clock.steady()))
  })
  router.post('/events/:id/replay', async (request, response) => {
    const { id } = request.params
    const force = forceOf(paramsOf(request, ['force']))
    const replayed = await replayEvent(replayer, id, force)
    audit.did(request, 'replay', { id, force, outcome: replayed.outcome })
    if (replayed.outcome === 'not_found') {
      notFound(response, id)
    } else if (replayed.outcome === 'source_gone') {
      const detail = `Its source "${replayed.source}" is no longer configured. Configure it again, then replay.`
      problem(response, 409, 'source_gone', detail)
    } else if (replayed.outcome === 'stale') {
      problem(response, 409, 'event_stale', { detail: STALE, event_id: id })
    } else {
      const { event_id, deliveries, stale } = replayed
      const message = await messageOf(replayer, event_id, stale)
      response.status(202).json({ status: 'accepted', event_id, replay_of: id, deliveries, stale, message })
    }
  })
  return router
}

function notFound(response: Response, id: string): void {
  problem(response, 404, 'event_not_found', `There is no event "${id}".`)
}

const STALE = `A newer event about the same model and slot has been delivered or is on its way; this one would roll it back. ${HOW_TO_FORCE}`

/** Returns what comes of a replay, from what has been stored of it. */
async function messageOf({ store, runtime }: Replayer, id: string, stale: number): Promise<string | null> {
  const event = await store.getEvent({ id })
  return event === null
    ? null
    : replayMessage(parse(event.event), event.deliveries, await reasons(store, runtime(), event), stale)
}

/**
 * Returns why each automation wanted the event or not: by the revision its deliveries were made under, else by today's.
 */
async function reasons(store: Store, runtime: Runtime, stored: EventDetail): Promise<MatchResult[]> {
  const event = parse(stored.event)
  const used = new Map(stored.deliveries.map(({ automation, revision }) => [automation, revision]))
  if (stored.context.drop_in !== null) return [dropInResult(stored.context.drop_in)]
  const automations = runtime.automations.filter(
    ({ spec, revision }) => (used.get(spec.name) ?? revision) === revision,
  )
  const current = new Set(automations.map(({ spec }) => spec.name))
  for (const [name, id] of used) {
    if (current.has(name)) continue
    const revision = await store.getRevision({ id })
    if (revision !== null) automations.push(compileAutomation(parse(revision.spec) as AutomationSpec))
  }
  return explainEvent(automations, event, runtime.config.sources.get(stored.source)?.allow)
}
