import type { ServerResponse } from 'node:http'
import { explainPrepared, matchedBy } from '../deliveries/dry-run.ts'
import { timeOfEventId } from '../deliveries/ids.ts'
import type { Prepared } from '../deliveries/prepare-event.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Accepted } from '../store/records.ts'

/** Tells the sender about an event. The registry's users see it: it never holds a secret. */
export interface Answer {
  status: 200 | 202
  body: Record<string, unknown>
}

/** The facts beside the event that decide an answer. */
export interface AnswerContext {
  /** Makes the link; null where it is not known. */
  public_url: string | null
  /** Unix ms. */
  now: number
}

/** Sends an answer, unless something else has answered. */
export function sendAnswer(response: ServerResponse, { status, body }: Answer): void {
  if (response.headersSent) return
  const text = JSON.stringify(body)
  const headers = { 'Content-Type': JSON_TYPE, 'Content-Length': Buffer.byteLength(text) }
  response.writeHead(status, headers).end(text)
}

const JSON_TYPE = 'application/json; charset=utf-8'

/** Returns the answer for one request's events, as they came back from the store. */
export function answerFor(
  prepared: readonly Prepared[],
  accepted: readonly Accepted[],
  { public_url, now }: AnswerContext,
): Answer {
  const url = (id: string) => (public_url === null ? null : `${public_url}/api/v1/events/${id}`)
  const at = accepted.findIndex(({ outcome }) => outcome === 'accepted')
  const first = prepared[at]
  if (first === undefined) {
    const id = accepted[0]?.event_id
    if (id === undefined) return { status: 200, body: { status: 'duplicate', event_id: null } }
    const body = { status: 'duplicate', event_id: id, message: sameAs(id, now), url: url(id) }
    return { status: 200, body }
  }
  const { event, hint, record } = first
  return {
    status: 202,
    body: {
      status: 'accepted',
      event_id: event.id,
      event: event.type,
      matched: record.lookup === undefined ? matchedBy(first) : null,
      deliveries: record.deliveries.map(({ id }) => id),
      message: first.message,
      url: url(event.id),
      ...(hint === null ? {} : { hint }),
      // A registry that sends lists gets the rest of its events here.
      ...(prepared.length > 1 ? { event_ids: accepted.map(({ event_id }) => event_id) } : {}),
    },
  }
}

/** Returns the answer for a dry run: what would come of the request's events. Nothing of it is stored or sent. */
export function dryRunAnswer(runtime: Runtime, prepared: readonly Prepared[]): Answer {
  const events = prepared.map((one) => {
    const { message, hint, ...explained } = explainPrepared(runtime, one)
    const told = `Dry run, nothing is stored or sent. ${message}${notAsked(runtime, one)}`
    return { ...explained, message: told, ...(hint === null ? {} : { hint }) }
  })
  const [first] = events
  return { status: 200, body: { status: 'dry_run', ...first, ...(events.length > 1 ? { events } : {}) } }
}

function notAsked({ config }: Runtime, { event }: Prepared): string {
  const isAsked = config.sources.get(event.source.name)?.lookup != null
  return isAsked ? ' The registry was not asked: what a look-up adds is missing here.' : ''
}

function sameAs(id: string, now: number): string {
  return `The same as ${id}, which came ${ago(now - timeOfEventId(id))} ago; nothing happens twice.`
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

/** Returns a time in its largest whole unit, such as `3 s` or `5 d`. */
function ago(ms: number): string {
  const [unit, length] = UNITS.find(([, each]) => ms >= each) ?? ['s', 1_000]
  return `${Math.max(0, Math.floor(ms / length))} ${unit}`
}
