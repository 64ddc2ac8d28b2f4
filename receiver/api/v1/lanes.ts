import { z } from 'zod'
import type { ShownLane } from '../../store/management-records.ts'
import { ApiProblem } from '../problem.ts'
import { route, type Route } from '../route.ts'
import { time } from './schemas.ts'
import { time as timeText, timeOrNull } from './shapes.ts'

const lane = z
  .object({
    lane: z.string().describe('What one limit counts together.'),
    pace: z.object({
      concurrency: z.int().describe('Requests in flight at a time.'),
      interval_ms: z.int().describe('The least time between two requests; 0: no pace.'),
      next_at: time.nullable().describe('The pace lets nothing out before.'),
    }),
    pause: z
      .object({
        reason: z.enum(['limited', 'credentials', 'outage']),
        message: z.string().nullable(),
        until: time,
      })
      .nullable()
      .describe('Why nothing goes out, and until when; null where it does.'),
    waiting: z.int().describe('How many deliveries wait in it.'),
    oldest_at: time.nullable().describe('When the oldest of them was accepted.'),
  })
  .meta({ id: 'Lane' })

const lanes = z.object({
  items: z.array(lane),
  next_cursor: z.null(),
  waiting_is_least: z.boolean().describe('More deliveries wait than were counted: `waiting` is the least.'),
})

const listLanes = route({
  id: 'listLanes',
  method: 'get',
  path: '/lanes',
  tag: 'lanes',
  summary: 'Lists the lanes: pace, pause, and what waits.',
  role: 'read',
  limited: 'refused',
  answers: { 200: lanes.describe('Every lane, by name.') },
}).handle(async (_, { store, clock }) => {
  const { items, more } = await store.listLanes({})
  const body = { items: items.map((one) => laneShape(one, clock.steady())), next_cursor: null }
  return { status: 200, body: { ...body, waiting_is_least: more } }
})

const resume = route({
  id: 'resumeLane',
  method: 'post',
  path: '/lanes/{id}/resume',
  tag: 'lanes',
  summary: 'Ends the pause of a lane at once.',
  description:
    'The next delivery is tried; if it meets the same answer, the pause begins anew. The pace stays.',
  role: 'write',
  limited: 'refused',
  answers: { 200: z.object({ lane: z.string(), status: z.literal('resumed') }).describe('It is open.') },
  problems: { lane_not_found: [404, 'There is no lane of this name.'] },
}).handle(async (input, { store, clock, wake, audit }) => {
  const { id = '' } = input.path
  const { found } = await store.resumeLane({ lane: id, now: clock.steady() })
  audit.did(input, 'resume lane', { id, outcome: found ? 'resumed' : 'not_found' })
  if (!found) throw new ApiProblem(404, 'lane_not_found', `There is no lane "${id}".`)
  wake([id])
  return { status: 200, body: { lane: id, status: 'resumed' } }
})

/** The routes of lanes. */
export const LANE_ROUTES: readonly Route[] = [listLanes, resume]

function laneShape(row: ShownLane, now: number): z.input<typeof lane> {
  const { pause, paused_until, pause_message, next_at } = row
  const is_paused = pause !== null && paused_until > now
  return {
    lane: row.lane,
    pace: {
      concurrency: row.concurrency,
      interval_ms: row.interval_ms,
      next_at: next_at > now ? timeText(next_at) : null,
    },
    pause: is_paused
      ? {
          reason: pause as 'limited' | 'credentials' | 'outage',
          message: pause_message,
          until: timeText(paused_until),
        }
      : null,
    waiting: row.waiting,
    oldest_at: timeOrNull(row.oldest_at),
  }
}
