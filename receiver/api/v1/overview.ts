import { z } from 'zod'
import type { ConfigProblem } from '../../config/config.ts'
import { route, type Route } from '../route.ts'
import { problemText, time } from './schemas.ts'
import { time as timeText, timeOrNull } from './shapes.ts'

const HOUR_MS = 3_600_000
/** How many hours are shown, with the one that is not over yet. */
const HOURS = 24
/** Failed deliveries are counted up to so many. */
const MOST_FAILED = 10_000

const overview = z
  .object({
    hours: z
      .array(z.object({ at: time, events: z.int(), succeeded: z.int(), failed: z.int() }))
      .describe(
        'What came in and how deliveries ended, by the hour, oldest first; the last one is not over.',
      ),
    waiting: z.int().describe('Unfinished deliveries.'),
    oldest_waiting_at: time.nullable(),
    dead_letters: z.int().describe(`Failed deliveries that are kept, counted up to ${MOST_FAILED}.`),
    configuration: problemText.nullable().describe('Why a change of the configuration was refused, or null.'),
  })
  .meta({ id: 'Overview' })

const getOverview = route({
  id: 'getOverview',
  method: 'get',
  path: '/overview',
  tag: 'overview',
  summary: 'Returns what came in and went out in the last 24 hours, and what needs a person.',
  role: 'read',
  limited: 'refused',
  answers: { 200: overview },
}).handle(async (_, { store, clock, refused_config }) => {
  const this_hour = Math.floor(clock.wall() / HOUR_MS) * HOUR_MS
  const hours = Array.from({ length: HOURS }, (_hour, i) => this_hour - (HOURS - 1 - i) * HOUR_MS)
  const counted = await store.overview({ hours, hour_ms: HOUR_MS, most_failed: MOST_FAILED })
  return {
    status: 200,
    body: {
      ...counted,
      hours: counted.hours.map(({ at, ...numbers }) => ({ at: timeText(at), ...numbers })),
      oldest_waiting_at: timeOrNull(counted.oldest_waiting_at),
      configuration: whyRefused(refused_config.now()?.problems ?? []),
    },
  }
})

/** The first mistake of a refused change, and where it stands. */
function whyRefused([first, ...others]: readonly ConfigProblem[]) {
  if (first === undefined) return null
  const { file, line, key, message, fix } = first
  const where = [file, line].filter((part) => part !== null).join(':')
  const more = others.length === 0 ? '' : ` (${others.length} more: the log has all)`
  return { message: `${where} ${key}: ${message}${more}`, fix }
}

/** The route of the dashboard's first page. */
export const OVERVIEW_ROUTES: readonly Route[] = [getOverview]
