import { Router, type Request, type Response } from 'express'
import type { Clock } from '../../observe/clock.ts'
import type { DeliveryStatus } from '../../store/records.ts'
import type { Store } from '../../store/store.ts'
import type { Audit } from '../audit.ts'
import { problem } from '../problem.ts'
import { BadQuery, filtersOf, forceOf, HOW_TO_FORCE, pageOf, paramsOf, type Params } from './query.ts'
import { BULK_PARAMS, redeliverMany, type Wake } from './redeliver-many.ts'
import { deliveryShape, waitingShape } from './shapes.ts'
import { isStorable } from './storable.ts'

const STATUSES: readonly DeliveryStatus[] = [
  'pending',
  'delivering',
  'succeeded',
  'failed',
  'expired',
  'superseded',
  'canceled',
]

const FILTERS = ['status', 'automation', 'destination', 'event'] as const

/** What the routes of deliveries work on. */
export interface DeliveriesOptions {
  store: Store
  clock: Clock
  wake: Wake
  audit: Audit
}

/** Returns `GET /deliveries[/{id}]`, `POST /deliveries/redeliver`, `POST /deliveries/{id}/redeliver|cancel`. */
export function deliveriesRouter(options: DeliveriesOptions): Router {
  const { store, clock, audit } = options
  const router = Router({ caseSensitive: true })
  router.param('id', (_request, response, next, id: string) => {
    if (isStorable(id)) next()
    else notFound(response, id)
  })
  router.get('/deliveries', async (request, response) => {
    response.json(await listed(options, paramsOf(request, [...FILTERS, 'limit', 'cursor'])))
  })
  router.post('/deliveries/redeliver', async (request, response) => {
    const params = paramsOf(request, BULK_PARAMS)
    const done = await redeliverMany(options, params)
    const { redelivered, stale, no_target } = done
    const counts = { redelivered, stale, no_target }
    audit.did(request, 'redeliver many', { filters: Object.fromEntries(params), ...counts })
    response.status(202).json(done)
  })
  router.get('/deliveries/:id', async (request, response) => {
    const { id } = request.params
    const delivery = await store.getDelivery({ id })
    if (delivery === null) notFound(response, id)
    else response.json(deliveryShape(delivery, clock.steady()))
  })
  router.post('/deliveries/:id/redeliver', (request, response) => redeliver(options, request, response))
  router.post('/deliveries/:id/cancel', (request, response) => cancel(options, request, response))
  return router
}

async function listed({ store, clock }: DeliveriesOptions, params: Params) {
  const { status, ...filters } = filtersOf(params, FILTERS)
  const known = STATUSES.find((one) => one === status)
  if (status !== undefined && known === undefined)
    throw new BadQuery(`status must be one of ${STATUSES.join(', ')}.`)
  const page = pageOf(params)
  const { items, next_cursor } = await store.listDeliveries({
    ...filters,
    ...page,
    ...(known === undefined ? {} : { status: known }),
  })
  return { items: items.map((item) => deliveryShape(item, clock.steady())), next_cursor }
}

type WithId = Request<{ id: string }>

async function redeliver(
  { store, clock, wake, audit }: DeliveriesOptions,
  request: WithId,
  response: Response,
): Promise<void> {
  const { id } = request.params
  const force = forceOf(paramsOf(request, ['force']))
  const put = await store.redeliver({ id, force, now: clock.steady() })
  audit.did(request, 'redeliver', { id, force, outcome: put.outcome })
  switch (put.outcome) {
    case 'queued':
      wake(put.lanes)
      response.status(202).json({ status: 'pending', id })
      return
    case 'not_found':
      notFound(response, id)
      return
    case 'unfinished':
      problem(response, 409, 'delivery_unfinished', await whyUnfinished(store, clock, id))
      return
    case 'no_target':
      problem(response, 409, 'delivery_without_target', NO_TARGET)
      return
    case 'stale':
      problem(response, 409, 'delivery_stale', STALE)
  }
}

const NO_TARGET = 'The event gave it no valid target. Correct the automation, then replay the event.'
const STALE =
  'A newer event about the same model and slot has got through, or may have; sending this one would roll it back. ' +
  HOW_TO_FORCE

async function cancel(
  { store, clock, wake, audit }: DeliveriesOptions,
  request: WithId,
  response: Response,
): Promise<void> {
  const { id } = request.params
  paramsOf(request, [])
  const canceled = await store.cancel({ id, now: clock.steady() })
  audit.did(request, 'cancel', { id, outcome: canceled.outcome })
  if (canceled.outcome === 'canceled') {
    wake(canceled.lanes)
    response.json({ status: 'canceled', id })
  } else if (canceled.outcome === 'not_found') {
    notFound(response, id)
  } else if (canceled.status === 'delivering') {
    problem(response, 409, 'delivery_under_way', 'It is being sent right now and cannot be stopped.')
  } else problem(response, 409, 'delivery_ended', `It has ended already: ${canceled.status}.`)
}

function notFound(response: Response, id: string): void {
  problem(response, 404, 'delivery_not_found', `There is no delivery "${id}".`)
}

/** Returns why an unfinished delivery cannot be put back: what it waits for. */
async function whyUnfinished(store: Store, clock: Clock, id: string): Promise<string> {
  const delivery = await store.getDelivery({ id })
  const waiting = delivery === null ? null : waitingShape(delivery, clock.steady())
  if (waiting === null) return 'It is under way already.'
  return `It waits already. ${waiting.reason}${waiting.until === null ? '' : ` Until ${waiting.until}.`}`
}
