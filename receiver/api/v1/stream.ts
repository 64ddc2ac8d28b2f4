import { z } from 'zod'
import type { NamedToken } from '../../config/config.ts'
import type { Change } from '../../observe/changes.ts'
import type { Clock } from '../../observe/clock.ts'
import type { Principal } from '../principal.ts'
import { ApiProblem } from '../problem.ts'
import { route, type Route } from '../route.ts'

/** How often a silent stream says that it is still there, in ms: proxies cut what is silent for a minute. */
const ALIVE_MS = 20_000
/** The most streams at a time: each holds a connection. */
const MOST = 100
/** A reader that lets this much wait is let go, in bytes. */
const BEHIND = 1_048_576

let open = 0

const stream = route({
  id: 'stream',
  method: 'get',
  path: '/stream',
  tag: 'stream',
  summary: 'Streams what changes, as server-sent events.',
  description:
    'Events are named `event`, `delivery`, `lane` and `work`, each with JSON as its data. Each replica tells what it does ' +
    'itself; `work` says that another one has put work into lanes. After a gap, read the lists again. A stream ends with ' +
    'the token or the session that it was opened with.',
  role: 'read',
  limited: 'own',
  produces: 'text/event-stream',
  answers: { 200: z.string().describe('Server-sent events, until one side ends it.') },
  problems: { too_many_streams: [503, 'There are 100 already.'] },
}).handle(async ({ principal, request, response }, { changes, runtime, clock }) => {
  if (open >= MOST) throw new ApiProblem(503, 'too_many_streams', 'There are 100 streams already: close one.')
  open += 1
  response.status(200).set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no',
  })
  response.flushHeaders()
  response.write(': open\n\n')
  const isValid = whileValid(principal, () => runtime().config.tokens, clock)
  const write = (text: string) => {
    if (response.writableEnded) return
    if (!isValid()) response.end()
    else if (response.writableLength > BEHIND) response.destroy()
    else response.write(text)
  }
  const stop = changes.listen((change) => {
    if (!concerns(change, principal)) return
    write(`event: ${change.kind}\ndata: ${JSON.stringify(ownChange(change, principal))}\n\n`)
  })
  const alive = setInterval(() => {
    write(': alive\n\n')
  }, ALIVE_MS).unref()
  await new Promise<void>((resolve) => {
    response.on('close', resolve)
    request.on('close', () => undefined)
  })
  clearInterval(alive)
  stop()
  open -= 1
  return { status: 200, body: '' }
})

/** The route of the stream. */
export const STREAM_ROUTES: readonly Route[] = [stream]

/**
 * Returns what tells whether the token of a stream still holds, and the session that it was opened in. A configuration
 * that is read anew is looked at once.
 */
function whileValid(
  principal: Principal,
  tokens: () => readonly NamedToken[],
  clock: Pick<Clock, 'wall'>,
): () => boolean {
  const ends_at = principal.ends_at ?? Infinity
  let seen = tokens()
  let is_valid = true
  return () => {
    is_valid &&= clock.wall() < ends_at
    const now = tokens()
    if (now === seen) return is_valid
    seen = now
    is_valid &&= principal.isOneOf(now)
    return is_valid
  }
}

/** Returns whether this token may see a change: a limited one sees its own automations', and no lanes. */
function concerns(change: Change, principal: Principal): boolean {
  if (!principal.limited) return true
  if (change.kind === 'delivery') return principal.sees(change.automation)
  return change.kind === 'event' && change.automations.some((name) => principal.sees(name))
}

/** Returns a change without the names of automations that this token may not see. */
function ownChange(change: Change, principal: Principal): Change {
  if (change.kind !== 'event') return change
  return { ...change, automations: change.automations.filter((name) => principal.sees(name)) }
}
