import type { Response } from 'express'
import { z } from 'zod'
import type { Page } from '../../store/views.ts'
import { route, type Route } from '../route.ts'
import { DELIVERY_FILTERS, DELIVERY_STATUS } from './deliveries.ts'
import { EVENT_FILTERS } from './events.ts'
import { timeOf } from './params.ts'
import { ownEvent, scopeOf } from './scope.ts'
import { deliveryShape, eventShape } from './shapes.ts'

/** Rows that are read at a time. */
const BATCH = 200
const LINES = z.string().describe('One JSON object a line, newest first.')

const exportEvents = route({
  id: 'exportEvents',
  method: 'get',
  path: '/export/events',
  tag: 'events',
  summary: 'Writes out every event that the filters choose, one JSON object a line.',
  role: 'read',
  limited: 'own',
  produces: 'application/x-ndjson',
  params: EVENT_FILTERS,
  answers: { 200: LINES },
}).handle(async ({ params, principal, response }, { store, clock }) => {
  const { since, until, ...filters } = params
  const bounds = { since: timeOf(since), until: timeOf(until), ...(await scopeOf(principal, store)) }
  await writeAll(response, async (cursor) => {
    const page = await store.listEvents({ ...filters, ...bounds, limit: BATCH, cursor })
    return { ...page, items: page.items.map((item) => eventShape(ownEvent(item, principal), clock.steady())) }
  })
  return { status: 200, body: '' }
})

const exportDeliveries = route({
  id: 'exportDeliveries',
  method: 'get',
  path: '/export/deliveries',
  tag: 'deliveries',
  summary: 'Writes out every delivery that the filters choose, one JSON object a line.',
  role: 'read',
  limited: 'own',
  produces: 'application/x-ndjson',
  params: { status: DELIVERY_STATUS, ...DELIVERY_FILTERS },
  answers: { 200: LINES },
}).handle(async ({ params, principal, response }, { store, clock }) => {
  const { since, until, ...filters } = params
  const bounds = { since: timeOf(since), until: timeOf(until), ...(await scopeOf(principal, store)) }
  await writeAll(response, async (cursor) => {
    const page = await store.listDeliveries({ ...filters, ...bounds, limit: BATCH, cursor })
    return { ...page, items: page.items.map((item) => deliveryShape(item, clock.steady())) }
  })
  return { status: 200, body: '' }
})

/** The routes that write whole lists out. */
export const EXPORT_ROUTES: readonly Route[] = [exportEvents, exportDeliveries]

/** Writes page after page, as fast as they are read; an error in between breaks the answer off. */
async function writeAll(
  response: Response,
  read: (cursor: string | undefined) => Promise<Page<unknown>>,
): Promise<void> {
  let page = await read(undefined)
  response.status(200).set('Content-Type', 'application/x-ndjson; charset=utf-8')
  response.flushHeaders()
  for (;;) {
    for (const item of page.items) response.write(`${JSON.stringify(item)}\n`)
    if (page.next_cursor === null || response.destroyed) break
    if (response.writableNeedDrain) await drained(response)
    page = await read(page.next_cursor)
  }
  response.end()
}

/** Resolves when the reader has caught up, or is gone; leaves no listener behind, however many pages there are. */
function drained(response: Response): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      response.off('drain', go).off('close', go)
      resolve()
    }
    response.on('drain', go).on('close', go)
  })
}
