import { Router, type Response } from 'express'
import type { Clock } from '../../observe/clock.ts'
import type { DeliveryStatus } from '../../store/records.ts'
import type { Store } from '../../store/store.ts'
import { problem } from '../problem.ts'
import { BadQuery, filtersOf, forceOf, HOW_TO_FORCE, pageOf, paramsOf } from './query.ts'
import { BULK_PARAMS, redeliverMany, type Wake } from './redeliver-many.ts'
import { deliveryShape } from './shapes.ts'
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

/** `GET /deliveries[/{id}]`, `POST /deliveries/redeliver`, `POST /deliveries/{id}/redeliver|cancel`. */
export function deliveriesRouter(store: Store, clock: Clock, wake: Wake): Router {
  const router = Router()
  router.param('id', (_request, response, next, id: string) => {
    if (isStorable(id)) next()
    else notFound(response, id)
  })
  router.get('/deliveries', async (request, response) => {
    const params = paramsOf(request, [...FILTERS, 'limit', 'cursor'])
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
    response.json({ items: items.map(deliveryShape), next_cursor })
  })
  router.post('/deliveries/redeliver', async (request, response) => {
    const params = paramsOf(request, BULK_PARAMS)
    response.status(202).json(await redeliverMany(store, clock, params, wake))
  })
  router.get('/deliveries/:id', async (request, response) => {
    const { id } = request.params
    const delivery = await store.getDelivery({ id })
    if (delivery === null) notFound(response, id)
    else response.json(deliveryShape(delivery))
  })
  router.post('/deliveries/:id/redeliver', async (request, response) => {
    const { id } = request.params
    const force = forceOf(paramsOf(request, ['force']))
    const put = await store.redeliver({ id, force, now: clock.steady() })
    switch (put.outcome) {
      case 'queued':
        wake(put.lanes)
        response.status(202).json({ status: 'pending', id })
        return
      case 'not_found':
        notFound(response, id)
        return
      case 'unfinished':
        problem(response, 409, 'delivery_unfinished', 'It waits or is under way already.')
        return
      case 'no_target':
        problem(
          response,
          409,
          'delivery_without_target',
          'The event gave it no valid target. Correct the automation, then replay the event.',
        )
        return
      case 'stale':
        problem(
          response,
          409,
          'delivery_stale',
          `A newer event about the same model and slot has got through, or may have; sending this one would roll it back. ${HOW_TO_FORCE}`,
        )
    }
  })
  router.post('/deliveries/:id/cancel', async (request, response) => {
    const { id } = request.params
    paramsOf(request, [])
    const canceled = await store.cancel({ id, now: clock.steady() })
    if (canceled.outcome === 'canceled') {
      wake(canceled.lanes)
      response.json({ status: 'canceled', id })
    } else if (canceled.outcome === 'not_found') {
      notFound(response, id)
    } else if (canceled.status === 'delivering') {
      problem(response, 409, 'delivery_under_way', 'It is being sent right now and cannot be stopped.')
    } else problem(response, 409, 'delivery_ended', `It has ended already: ${canceled.status}.`)
  })
  return router
}

function notFound(response: Response, id: string): void {
  problem(response, 404, 'delivery_not_found', `There is no delivery "${id}".`)
}
