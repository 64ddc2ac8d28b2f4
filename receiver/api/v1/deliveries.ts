import { Router } from 'express'
import type { Clock } from '../../observe/clock.ts'
import type { DeliveryStatus } from '../../store/schema.ts'
import type { Store } from '../../store/store.ts'
import { problem } from '../problem.ts'
import { BadQuery, filtersOf, pageOf } from './query.ts'
import { deliveryShape } from './shapes.ts'

const STATUSES: readonly DeliveryStatus[] = [
  'pending',
  'delivering',
  'succeeded',
  'failed',
  'expired',
  'superseded',
  'canceled',
]

/** `GET /deliveries`, `GET /deliveries/{id}`, `POST /deliveries/{id}/redeliver`. */
export function deliveriesRouter(store: Store, clock: Clock, wake: () => void): Router {
  const router = Router()
  router.get('/deliveries', async (request, response) => {
    const { status, ...filters } = filtersOf(request, ['status', 'automation', 'destination', 'event'])
    const known = STATUSES.find((one) => one === status)
    if (status !== undefined && known === undefined)
      throw new BadQuery(`status must be one of ${STATUSES.join(', ')}.`)
    const page = pageOf(request)
    const { items, next_cursor } = await store.listDeliveries({
      ...filters,
      ...page,
      ...(known === undefined ? {} : { status: known }),
    })
    response.json({ items: items.map(deliveryShape), next_cursor })
  })
  router.get('/deliveries/:id', async (request, response) => {
    const { id } = request.params
    const delivery = await store.getDelivery({ id })
    if (delivery === null) problem(response, 404, 'delivery_not_found', `There is no delivery "${id}".`)
    else response.json(deliveryShape(delivery))
  })
  router.post('/deliveries/:id/redeliver', async (request, response) => {
    const { id } = request.params
    const force = (request.body as { force?: unknown } | undefined)?.force === true
    const { outcome } = await store.redeliver({ id, force, now: clock.steady() })
    switch (outcome) {
      case 'queued':
        wake()
        response.status(202).json({ status: 'pending', id })
        return
      case 'not_found':
        problem(response, 404, 'delivery_not_found', `There is no delivery "${id}".`)
        return
      case 'unfinished':
        problem(response, 409, 'delivery_unfinished', 'It waits or is under way already.')
        return
      case 'stale':
        problem(
          response,
          409,
          'delivery_stale',
          'A newer delivery about the same model and slot has succeeded; sending this one would roll it back. Send {"force": true} to do it all the same.',
        )
    }
  })
  return router
}
