import { Router, type Request, type Response } from 'express'
import type { Acceptor } from '../deliveries/acceptor.ts'
import { prepareEvent, type Prepared } from '../deliveries/prepare-event.ts'
import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Source } from '../runtime/sources.ts'
import { hideSecrets } from '../secrets/hide-in-body.ts'
import { secretTexts } from '../sources/credentials.ts'
import { withStated } from '../sources/identity.ts'
import { statedEvent, type SourceEvent, type WebhookRequest } from '../sources/source.ts'
import type { Accepted } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { answerFor, dryRunAnswer } from './answer.ts'
import { NotAnEvent, parseJson } from './parse-json.ts'
import { readBody } from './read-body.ts'
import { refuse, refuseMethod, refuseUnknown, Unverified } from './refuse.ts'
import type { Refusals } from './refusals.ts'
import { slipOf } from './slips.ts'

/** What ingest works on. */
export interface IngestOptions {
  runtime: () => Runtime
  acceptor: Pick<Acceptor, 'accept'>
  store: Pick<Store, 'storedDelivery'>
  refusals: Refusals
  clock: Clock
  log: Log
  public_url: string | null
}

/**
 * Returns `POST /webhooks/{source}`: route, limits, verify on the raw bytes, parse, match, one transaction, answer; in
 * this order, so that nothing unverified is parsed or looked up.
 */
export function ingestRouter(options: IngestOptions): Router {
  const router = Router({ caseSensitive: true })
  router.all('/webhooks/:source', async (request, response) => {
    const runtime = options.runtime()
    const source = runtime.sources.get(request.params.source)
    if (source === undefined) refuseUnknown(options, request.params.source, response)
    else if (request.method !== 'POST') refuseMethod(options, request, response)
    else {
      try {
        await ingest(options, { runtime, source, request, response })
      } catch (error) {
        refuse(options, request, response, error)
      }
    }
  })
  return router
}

/** A request to a configured source. */
interface Ingest {
  runtime: Runtime
  source: Source
  request: Request
  response: Response
}

async function ingest(options: IngestOptions, { runtime, source, request, response }: Ingest): Promise<void> {
  const { config } = source
  const body = await readBody(request, config.body_limit)
  const received_at = options.clock.wall()
  const webhook = webhookOf(request, body, received_at)
  const verified = await source.verify(webhook)
  if (!verified.ok)
    throw new Unverified(await reasonFor(verified.reason, { runtime, source, webhook, options }))
  const shown = hideSecrets(body, secretTexts(config.credentials))
  const found = source
    .parse(parseJson(shown, source.lists ?? false), webhook)
    .map((event) => ({ ...event, identity: withStated(event.identity, statedEvent(webhook)) }))
  const context = { public_url: options.public_url, now: received_at }
  if (verified.stale !== undefined) {
    const event_id = await earlierDelivery(options, config.name, found)
    if (event_id === null) throw new Unverified(verified.stale)
    response.status(200).json(answerFor([], [{ outcome: 'duplicate', event_id }], context).body)
    return
  }
  const arrival = { raw: ownBytes(shown), received_at, secret: verified.secret }
  const prepared = found.map((event) => prepareEvent(runtime, config, event, arrival))
  if (isDryRun(webhook)) {
    const { status, body: answer } = dryRunAnswer(runtime, prepared)
    logDryRun(options.log, prepared)
    response.status(status).json(answer)
    return
  }
  const accepted = await Promise.all(prepared.map(({ record }) => options.acceptor.accept(record)))
  const { status, body: answer } = answerFor(prepared, accepted, context)
  logPrepared(options.log, prepared, accepted)
  response.status(status).json(answer)
}

/** How often a refused request is looked at for a slip of its sender, per source, in ms of the steady clock. */
const SLIP_EVERY_MS = 10_000

/** Returns why a request was refused and, at most every ten seconds for a source, what its sender got wrong. */
async function reasonFor(
  reason: string,
  at: { runtime: Runtime; source: Source; webhook: WebhookRequest; options: IngestOptions },
): Promise<string> {
  const { runtime, source, webhook, options } = at
  const now = options.clock.steady()
  if (now - (looked.get(source) ?? -Infinity) < SLIP_EVERY_MS) return reason
  looked.set(source, now)
  const slip = await slipOf(source, webhook, runtime.sources.values())
  return slip === null ? reason : `${reason}: ${slip}`
}

const looked = new WeakMap<Source, number>()

/**
 * Returns the event of a delivery that came before, or null. Some registries sign once for all tries: the last one may
 * be older than its tolerance, and it is still the same delivery.
 */
async function earlierDelivery(
  { store, clock, log }: IngestOptions,
  source: string,
  found: readonly SourceEvent[],
): Promise<string | null> {
  const [first] = found
  if (first?.identity.rule !== 'delivery') return null
  const event_id = await store.storedDelivery({ source, key: first.identity.key, now: clock.steady() })
  if (event_id !== null) log.info({ event_id, source, type: first.event.type }, 'event seen before')
  return event_id
}

/** Returns the bytes alone: a view of a pooled buffer would take the whole pool with it to the store's thread. */
const ownBytes = (body: Buffer) => new Uint8Array(body)

function webhookOf({ headers, url }: Request, body: Buffer, now: number): WebhookRequest {
  const at = url.indexOf('?')
  const query = new URLSearchParams(at === -1 ? '' : url.slice(at))
  return { body, headers: headers as WebhookRequest['headers'], query, now }
}

/** Logs one line per event. `verified_by` is the place of the secret in the configuration, for rotations. */
function logPrepared(log: Log, prepared: readonly Prepared[], accepted: readonly Accepted[]): void {
  prepared.forEach((one, i) => {
    const { event, hint, message, record } = one
    const result = accepted[i]
    const { source, type, kind, title } = event
    if (result?.outcome === 'duplicate') {
      log.info({ event_id: result.event_id, source: source.name, type }, 'event seen before')
      return
    }
    const deliveries = record.deliveries.map(({ id }) => id)
    const verified_by = record.context.secret
    const what = { event_id: event.id, source: source.name, type, kind, title, verified_by, deliveries }
    log.info({ ...what, outcome: message, ...(hint === null ? {} : { hint }) }, 'event accepted')
  })
}

function logDryRun(log: Log, prepared: readonly Prepared[]): void {
  for (const one of prepared) {
    const { source, type, kind, title } = one.event
    log.info({ source: source.name, type, kind, title, outcome: one.message }, 'dry run')
  }
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
