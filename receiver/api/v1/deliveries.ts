import { Router } from 'express'
import type { Clock } from '../../observe/clock.ts'
import type { BulkFilter } from '../../store/operations/redeliver.ts'
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

/** What a bulk redelivery may start from. */
const ENDED: readonly BulkFilter['status'][] = ['failed', 'expired', 'canceled', 'superseded']
/** Deliveries put back in one transaction. */
const BULK_BATCH = 100

/** `GET /deliveries[/{id}]`, `POST /deliveries/redeliver`, `POST /deliveries/{id}/redeliver|cancel`. */
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
  router.post('/deliveries/redeliver', async (request, response) => {
    const { status = 'failed', ...filters } = filtersOf(request, [
      'status',
      'automation',
      'destination',
      'event',
    ])
    const known = ENDED.find((one) => one === status)
    if (known === undefined) throw new BadQuery(`status must be one of ${ENDED.join(', ')}.`)
    const force = wantsForce(request.body)
    const total = { redelivered: 0, stale: 0 }
    for (let after: number | null = 0; after !== null;) {
      const part: Awaited<ReturnType<Store['redeliverMany']>> = await store.redeliverMany({
        filter: { ...filters, status: known },
        force,
        after,
        limit: BULK_BATCH,
        now: clock.steady(),
      })
      total.redelivered += part.queued
      total.stale += part.stale
      after = part.next
    }
    wake()
    response.status(202).json(total)
  })
  router.get('/deliveries/:id', async (request, response) => {
    const { id } = request.params
    const delivery = await store.getDelivery({ id })
    if (delivery === null) problem(response, 404, 'delivery_not_found', `There is no delivery "${id}".`)
    else response.json(deliveryShape(delivery))
  })
  router.post('/deliveries/:id/redeliver', async (request, response) => {
    const { id } = request.params
    const force = wantsForce(request.body)
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
          'A newer delivery about the same model and slot has succeeded; sending this one would roll it back. Send {"force": true} to do it all the same.',
        )
    }
  })
  router.post('/deliveries/:id/cancel', async (request, response) => {
    const { id } = request.params
    const canceled = await store.cancel({ id, now: clock.steady() })
    if (canceled.outcome === 'canceled') {
      wake()
      response.json({ status: 'canceled', id })
    } else if (canceled.outcome === 'not_found') {
      problem(response, 404, 'delivery_not_found', `There is no delivery "${id}".`)
    } else if (canceled.status === 'delivering') {
      problem(response, 409, 'delivery_under_way', 'It is being sent right now and cannot be stopped.')
    } else problem(response, 409, 'delivery_ended', `It has ended already: ${canceled.status}.`)
  })
  return router
}

const wantsForce = (body: unknown) => (body as { force?: unknown } | undefined)?.force === true
