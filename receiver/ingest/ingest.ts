import type { Request, Response } from 'express'
import { acceptPrepared, type AcceptContext } from '../deliveries/accept-prepared.ts'
import { prepareEvent, type Prepared } from '../deliveries/prepare-event.ts'
import type { Clock } from '../observe/clock.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Source } from '../runtime/sources.ts'
import type { SourceEvent, WebhookRequest } from '../sources/source.ts'
import type { Accepted } from '../store/records.ts'
import { AutomationsChanged, type Store } from '../store/store.ts'
import { answerFor, dryRunAnswer, sendAnswer, type Answer } from './answer.ts'
import { logAccepted, logDryRun } from './log-events.ts'
import { NotAnEvent } from './parse-json.ts'
import { refuse, Unverified, type RefuseOptions } from './refuse.ts'
import { lookForSlip } from './slips.ts'
import { createStep, gather } from './steps.ts'
import { understandRequest } from './understand.ts'
import { ownBytes, webhookOf } from './webhook-request.ts'

/** The means of ingest. */
export interface IngestOptions extends AcceptContext, RefuseOptions {
  runtime: () => Runtime
  store: Pick<Store, 'storedDelivery'>
  clock: Clock
  public_url: string | null
}

/** A request to a configured source, its body read. */
export interface Arrived {
  runtime: Runtime
  source: Source
  request: Request
  response: Response
  body: Buffer
}

/** A request that holds a credential of its source. */
interface Verified extends Arrived {
  webhook: WebhookRequest
  /** Which secret verified it, or null. */
  secret: number | null
  /** Why it only counts as a repeat, or null. */
  stale: string | null
}

/** A request that was understood. */
interface Understood extends Verified {
  /** The body without the source's secrets. */
  shown: Buffer
  found: readonly SourceEvent[]
}

/** A request whose events are ready for the store. */
interface Planned extends Understood {
  prepared: readonly Prepared[]
}

/** A request whose events are in the store. */
interface Stored extends Planned {
  accepted: readonly Accepted[]
}

/**
 * Returns what takes requests in: verify on the raw bytes, parse, match, one transaction, answer; in this order, so that
 * nothing unverified is parsed or looked up. Requests that arrive in one turn of the event loop take each step together: the
 * code of a step stays in the processor's caches, and the events reach the store as one group. An exception of a request in
 * a step is its own.
 */
export function createIngest(options: IngestOptions): (request: Arrived) => void {
  const each = createStep<Arrived>(({ request, response }, error) => {
    refuse(options, request, response, error)
  })
  const answerAll = gather<Stored>(queueMicrotask, (stored) => {
    each(stored, (one) => answer(options, one))
    each(stored, ({ prepared, accepted }) => logAccepted(options.log, prepared, accepted))
  })
  return gather<Arrived>(setImmediate, (arrived) => {
    const verified = each(arrived, (one) => verify(options, one))
    const understood = each(verified, understand)
    const fresh = each(understood, (one) =>
      one.stale === null ? one : answerRepeat(options, one, one.stale),
    )
    const planned = each(fresh, plan)
    const meant = each(planned, (one) => (isDryRun(one.webhook) ? answerDryRun(options, one) : one))
    each(meant, (one) => store(options, one, answerAll))
  })
}

function verify(options: IngestOptions, arrived: Arrived): Verified {
  const { runtime, source, request, body } = arrived
  const webhook = webhookOf(request, body, options.clock.wall())
  const verification = source.verify(webhook)
  if (!verification.ok) {
    const slip = lookForSlip(source, webhook, runtime.sources.values(), options.clock.steady())
    throw new Unverified(slip === null ? verification.reason : `${verification.reason}: ${slip}`)
  }
  const { secret, stale = null } = verification
  return { ...arrived, webhook, secret, stale }
}

/** A stale request that cannot be read never came before: it is refused like every other stale one. */
function understand(verified: Verified): Understood {
  const { source, webhook, stale } = verified
  try {
    const { shown, found } = understandRequest(source, webhook)
    return { ...verified, shown, found }
  } catch (error) {
    if (stale !== null && error instanceof NotAnEvent) throw new Unverified(stale)
    throw error
  }
}

function plan(understood: Understood): Planned {
  const { runtime, source, webhook, secret, shown, found } = understood
  const arrival = { raw: ownBytes(shown), received_at: webhook.now, secret }
  // A dry run is answered at once: nobody can wait for a registry there.
  const config = isDryRun(webhook) ? { ...source.config, lookup: null } : source.config
  const prepared = found.map((event) => prepareEvent(runtime, config, event, arrival))
  return { ...understood, prepared }
}

/** Hands a request's events to the acceptor, which commits what it gets together; `done` is told once they are stored. */
function store(options: IngestOptions, planned: Planned, done: (stored: Stored) => void): null {
  const { request, response, prepared } = planned
  Promise.all(prepared.map(({ record }) => options.acceptor.accept(record))).then(
    (accepted) => {
      done({ ...planned, accepted })
    },
    (error: unknown) => {
      if (error instanceof AutomationsChanged) storeAnew(options, planned, done)
      else refuse(options, request, response, error)
    },
  )
  return null
}

/** Matches a request's events against the automations as another replica has changed them, and stores them then. */
function storeAnew(options: IngestOptions, planned: Planned, done: (stored: Stored) => void): void {
  const { source, webhook, secret, shown, found, request, response } = planned
  const arrival = { raw: ownBytes(shown), received_at: webhook.now, secret }
  const prepare = (event: SourceEvent) => () => prepareEvent(options.runtime(), source.config, event, arrival)
  options.automations
    .refresh()
    .then(() => Promise.all(found.map((event) => acceptPrepared(options, prepare(event)))))
    .then(
      (all) => {
        const [prepared, accepted] = [all.map((one) => one.prepared), all.map((one) => one.accepted)]
        done({ ...planned, prepared, accepted })
      },
      (error: unknown) => {
        refuse(options, request, response, error)
      },
    )
}

function answer(options: IngestOptions, stored: Stored): null {
  const { prepared, accepted, webhook } = stored
  const context = { public_url: options.public_url, now: webhook.now }
  return send(options, stored, answerFor(prepared, accepted, context))
}

function answerDryRun(options: IngestOptions, planned: Planned): null {
  const { runtime, prepared } = planned
  const rendered = dryRunAnswer(runtime, prepared)
  logDryRun(options.log, prepared)
  return send(options, planned, rendered)
}

function send({ clock, answered }: IngestOptions, verified: Verified, answer: Answer): null {
  const { source, response, webhook } = verified
  sendAnswer(response, answer)
  answered?.(source.config.name, answer.status, clock.wall() - webhook.now)
  return null
}

/**
 * Answers a delivery that came before under its event. Some registries sign once for all tries: the last one may be
 * older than its tolerance (`stale` says so), and it is still the same delivery.
 */
function answerRepeat(options: IngestOptions, understood: Understood, stale: string): null {
  const { request, response, webhook } = understood
  earlierDelivery(options, understood).then(
    (event_id) => {
      if (event_id === null) refuse(options, request, response, new Unverified(stale))
      else {
        const context = { public_url: options.public_url, now: webhook.now }
        send(options, understood, answerFor([], [{ outcome: 'duplicate', event_id }], context))
      }
    },
    (error: unknown) => {
      refuse(options, request, response, error)
    },
  )
  return null
}

async function earlierDelivery(
  { store, clock, log }: IngestOptions,
  { source: { config }, found }: Understood,
): Promise<string | null> {
  const [first] = found
  if (first?.identity.rule !== 'delivery') return null
  const { key } = first.identity
  const event_id = await store.storedDelivery({ source: config.name, key, now: clock.steady() })
  if (event_id !== null)
    log.info({ event_id, source: config.name, type: first.event.type }, 'event seen before')
  return event_id
}

/**
 * Returns whether the URL asks for a dry run.
 * @throws NotAnEvent for anything but true and false: a "yes" that was taken for a no would deploy something.
 */
function isDryRun({ query }: WebhookRequest): boolean {
  const [value = 'false', ...others] = query.getAll('dry_run')
  if (others.length === 0 && (value === 'true' || value === 'false')) return value === 'true'
  throw new NotAnEvent('dry_run must be true or false: ?dry_run=true. Nothing was stored.')
}
