import { Router } from 'express'
import type { ModelEvent } from '../../../src/contract/model-event.ts'
import type { AutomationSpec, MatchResult } from '../../automations/automation.ts'
import { compileAutomation } from '../../automations/compile.ts'
import { explainEvent } from '../../automations/explain.ts'
import type { Runtime } from '../../runtime.ts'
import type { EventDetail } from '../../store/operations/lists.ts'
import type { Store } from '../../store/store.ts'
import { problem } from '../problem.ts'
import { filtersOf, pageOf } from './query.ts'
import { eventDetailShape, eventShape } from './shapes.ts'

/** `GET /events`, `GET /events/{id}`. */
export function eventsRouter(store: Store, runtime: () => Runtime): Router {
  const router = Router()
  router.get('/events', async (request, response) => {
    const filters = filtersOf(request, ['source', 'type', 'kind', 'automation', 'status'])
    const { items, next_cursor } = await store.listEvents({ ...filters, ...pageOf(request) })
    response.json({ items: items.map(eventShape), next_cursor })
  })
  router.get('/events/:id', async (request, response) => {
    const { id } = request.params
    const event = await store.getEvent({ id })
    if (event === null) problem(response, 404, 'event_not_found', `There is no event "${id}".`)
    else response.json(eventDetailShape(event, await reasons(store, runtime(), event)))
  })
  return router
}

/**
 * Why each automation wanted the event or not: by the revision its deliveries were made under, else by today's.
 */
async function reasons(store: Store, runtime: Runtime, stored: EventDetail): Promise<MatchResult[]> {
  const event = JSON.parse(stored.event) as ModelEvent
  const used = new Map(stored.deliveries.map(({ automation, revision }) => [automation, revision]))
  const automations = runtime.automations.filter(
    ({ spec, revision }) => (used.get(spec.name) ?? revision) === revision,
  )
  const current = new Set(automations.map(({ spec }) => spec.name))
  for (const [name, id] of used) {
    if (current.has(name)) continue
    const revision = await store.getRevision({ id })
    if (revision !== null) automations.push(compileAutomation(JSON.parse(revision.spec) as AutomationSpec))
  }
  return explainEvent(automations, event, runtime.config.sources.get(stored.source)?.allow)
}
