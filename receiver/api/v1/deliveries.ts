import { z } from 'zod'
import type { Clock } from '../../observe/clock.ts'
import type { Store } from '../../store/store.ts'
import type { DeliveryDetail } from '../../store/views.ts'
import type { Action, Actor, Audit } from '../audit.ts'
import type { Principal } from '../principal.ts'
import { ApiProblem } from '../problem.ts'
import { route, type Route } from '../route.ts'
import { FORCE, HOW_TO_FORCE, PAGE, pageOf, textParam, timeOf, timeParam, wordParam } from './params.ts'
import { redeliverAll } from './redeliver-many.ts'
import { delivery, DELIVERY_STATUSES, listOf } from './schemas.ts'
import { scopeOf } from './scope.ts'
import { deliveryShape, waitingShape } from './shapes.ts'

/** The filters that choose deliveries by what they are, beside their status. */
export const DELIVERY_FILTERS = {
  automation: textParam('The name of the automation.'),
  destination: textParam('Where it goes: the target of a destination, such as acme/serving.'),
  event: textParam('The id of the event.'),
  model: textParam('The name of the model, in full.'),
  alias: textParam('The alias that was added or removed.'),
  since: timeParam('Accepted at this time or later.'),
  until: timeParam('Accepted before this time.'),
  q: textParam("Text in the event's title, whatever its case."),
}

/** The filter that chooses deliveries by what has become of them. */
export const DELIVERY_STATUS = wordParam(DELIVERY_STATUSES, 'What has become of it.')

const listDeliveries = route({
  id: 'listDeliveries',
  method: 'get',
  path: '/deliveries',
  tag: 'deliveries',
  summary: 'Lists deliveries, newest first.',
  role: 'read',
  limited: 'own',
  params: { status: DELIVERY_STATUS, ...DELIVERY_FILTERS, ...PAGE },
  answers: { 200: listOf(delivery, 'A page of deliveries.') },
}).handle(async ({ params, principal }, { store, clock }) => {
  const { since, until, limit, cursor, ...filters } = params
  const bounds = { since: timeOf(since), until: timeOf(until), ...pageOf({ limit, cursor }) }
  const page = await store.listDeliveries({ ...filters, ...bounds, ...(await scopeOf(principal, store)) })
  const items = page.items.map((item) => deliveryShape(item, clock.steady()))
  return { status: 200, body: { items, next_cursor: page.next_cursor } }
})

const NOT_FOUND = {
  delivery_not_found: [404, 'There is no such delivery, or the token may not see it.'],
} as const

const getDelivery = route({
  id: 'getDelivery',
  method: 'get',
  path: '/deliveries/{id}',
  tag: 'deliveries',
  summary: 'Returns one delivery with every attempt.',
  role: 'read',
  limited: 'own',
  answers: { 200: delivery },
  problems: NOT_FOUND,
}).handle(async ({ path: { id = '' }, principal }, { store, clock }) => {
  return { status: 200, body: deliveryShape(await findDelivery(store, id, principal), clock.steady()) }
})

const redeliver = route({
  id: 'redeliver',
  method: 'post',
  path: '/deliveries/{id}/redeliver',
  tag: 'deliveries',
  summary: 'Puts a finished delivery back into the queue, under the same id.',
  role: 'write',
  limited: 'own',
  params: { force: FORCE },
  answers: { 202: z.object({ status: z.literal('pending'), id: z.string() }).describe('It is tried again.') },
  problems: {
    ...NOT_FOUND,
    delivery_unfinished: [409, 'It waits or is under way already.'],
    delivery_without_target: [409, 'The event gave it no valid target.'],
    delivery_stale: [409, 'A newer event of its slot has got through.'],
  },
}).handle(async (input, { store, clock, wake, audit }) => {
  const { id = '' } = input.path
  const { force = false } = input.params
  const { automation } = await findOrAudit(input, { store, audit }, 'redeliver')
  const put = await store.redeliver({ id, force, now: clock.steady() })
  audit.did(input, 'redeliver', { id, automation, force, outcome: put.outcome })
  switch (put.outcome) {
    case 'queued':
      wake(put.lanes)
      return { status: 202, body: { status: 'pending', id } }
    case 'not_found':
      throw notFound(id)
    case 'unfinished':
      throw new ApiProblem(409, 'delivery_unfinished', await whyUnfinished(store, clock, id))
    case 'no_target':
      throw new ApiProblem(409, 'delivery_without_target', NO_TARGET)
    case 'stale':
      throw new ApiProblem(409, 'delivery_stale', STALE)
  }
})

const cancel = route({
  id: 'cancelDelivery',
  method: 'post',
  path: '/deliveries/{id}/cancel',
  tag: 'deliveries',
  summary: 'Ends a waiting delivery for good.',
  role: 'write',
  limited: 'own',
  answers: { 200: z.object({ status: z.literal('canceled'), id: z.string() }).describe('It has ended.') },
  problems: {
    ...NOT_FOUND,
    delivery_under_way: [409, 'It is being sent right now.'],
    delivery_ended: [409, 'It has ended already.'],
  },
}).handle(async (input, { store, clock, wake, audit }) => {
  const { id = '' } = input.path
  const { automation } = await findOrAudit(input, { store, audit }, 'cancel')
  const canceled = await store.cancel({ id, now: clock.steady() })
  audit.did(input, 'cancel', { id, automation, outcome: canceled.outcome })
  if (canceled.outcome === 'canceled') {
    wake(canceled.lanes)
    return { status: 200, body: { status: 'canceled', id } }
  }
  if (canceled.outcome === 'not_found') throw notFound(id)
  if (canceled.status === 'delivering')
    throw new ApiProblem(409, 'delivery_under_way', 'It is being sent right now and cannot be stopped.')
  throw new ApiProblem(409, 'delivery_ended', `It has ended already: ${canceled.status}.`)
})

/** The routes of deliveries. */
export const DELIVERY_ROUTES: readonly Route[] = [
  listDeliveries,
  redeliverAll,
  getDelivery,
  redeliver,
  cancel,
]

const NO_TARGET = 'The event gave it no valid target. Correct the automation, then replay the event.'
const STALE =
  'A newer event about the same model and slot has got through, or may have; sending this one would roll it back. ' +
  HOW_TO_FORCE

const notFound = (id: string) => new ApiProblem(404, 'delivery_not_found', `There is no delivery "${id}".`)

async function findDelivery(store: Store, id: string, principal: Principal): Promise<DeliveryDetail> {
  const found = await store.getDelivery({ id })
  if (found === null || !principal.sees(found.automation)) throw notFound(id)
  return found
}

/** Returns why an unfinished delivery cannot be put back: what it waits for. */
async function whyUnfinished(store: Store, clock: Clock, id: string): Promise<string> {
  const found = await store.getDelivery({ id })
  const waiting = found === null ? null : waitingShape(found, clock.steady())
  if (waiting === null) return 'It is under way already.'
  return `It waits already. ${waiting.reason}${waiting.until === null ? '' : ` Until ${waiting.until}.`}`
}

/** Returns a delivery that is to be changed; that it is not there is noted as well. */
async function findOrAudit(
  input: Actor & { path: Readonly<Record<string, string>>; principal: Principal },
  { store, audit }: { store: Store; audit: Audit },
  action: Action,
): Promise<DeliveryDetail> {
  const { id = '' } = input.path
  try {
    return await findDelivery(store, id, input.principal)
  } catch (error) {
    if (error instanceof ApiProblem) audit.did(input, action, { id, outcome: 'not_found' })
    throw error
  }
}
