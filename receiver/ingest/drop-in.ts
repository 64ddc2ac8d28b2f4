import { Router, type Request, type Response } from 'express'
import type { DispatchesConfig } from '../config/config.ts'
import { BacklogFull } from '../deliveries/acceptor.ts'
import { prepareEvent } from '../deliveries/prepare-event.ts'
import { isAllowed, isOwner, isRepositoryName, type Repository } from '../github/repository.ts'
import { traceOf } from '../observe/reason-of.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Source } from '../runtime/sources.ts'
import { hideSecrets } from '../secrets/hide-in-body.ts'
import { withStated } from '../sources/identity.ts'
import { statedEvent, type SourceEvent, type WebhookRequest } from '../sources/source.ts'
import { StoreUnavailable } from '../store/store.ts'
import { dispatchesFor } from './dispatch-token.ts'
import { githubError, readDispatch, type DispatchBody, type GitHubError } from './github-answers.ts'
import type { IngestOptions } from './ingest.ts'
import { logAccepted } from './log-events.ts'
import { NotAnEvent, parseJson } from './parse-json.ts'
import { BodyRefused, NoRoom, readBody } from './read-body.ts'
import { RETRY_AFTER_S, Unverified } from './refuse.ts'
import { lookForSlip } from './slips.ts'
import { ownBytes, webhookOf } from './webhook-request.ts'

/** The name under which requests of this route are noted and counted: no source can have it. */
const NAME = '/repos'

/** GitHub's own answer to what the token may not see. */
const NOT_FOUND = githubError(404, 'Not Found')

/** A request that GitHub would refuse, with its answer. The message is for our log. */
class Refused extends Error {
  readonly answer: GitHubError
  constructor(reason: string, answer: GitHubError) {
    super(reason)
    this.answer = answer
  }
}

/**
 * Returns `POST /repos/{owner}/{repo}/dispatches`, as `api.github.com` and GitHub Enterprise Server (under `/api/v3`)
 * have it: who sends to GitHub today changes the host and the token, and nothing else. Route, token, limits, signature,
 * parse, one transaction, answer; in this order. Automations are not asked.
 * https://docs.github.com/en/rest/repos/repos#create-a-repository-dispatch-event
 */
export function dropInRouter(options: IngestOptions): Router {
  const router = Router({ caseSensitive: true })
  const paths = ['/repos/:owner/:repo/dispatches', '/api/v3/repos/:owner/:repo/dispatches']
  router.all(paths, async (request, response) => {
    const { owner, repo } = request.params as { owner: string; repo: string }
    try {
      const began = options.clock.wall()
      await takeDispatch(options, { owner, repo }, request)
      response.status(204).end()
      options.answered?.(NAME, 204, options.clock.wall() - began)
    } catch (error) {
      // The rest of an unread body is thrown away, so that the sender gets to reading the answer.
      request.resume()
      answerRefusal(options, response, error)
    }
  })
  return router
}

async function takeDispatch(options: IngestOptions, place: Repository, request: Request): Promise<void> {
  const runtime = options.runtime()
  const entry = entryFor(runtime, place, request)
  const source = runtime.sources.get(entry.source)
  if (source === undefined) throw new Refused(`the source ${entry.source} is gone`, NOT_FOUND)
  const body = await bodyOf(request, source.config.body_limit)
  const received_at = options.clock.wall()
  const webhook = webhookOf(request, body, received_at)
  const secret = verifySignature(options, { runtime, source, webhook })
  const shown = hideSecrets(body, [...source.hidden, entry.access_token])
  const dispatch = readDispatch(jsonOf(shown))
  if (!('event_type' in dispatch)) throw new Refused(dispatch.message.replaceAll('\n', ' '), dispatch)
  const repository = `${place.owner}/${place.repo}`
  const found = eventOf(source, dispatch, { webhook, repository })
  if (found === undefined) throw new Refused('its source sees no event in it', NOT_FOUND)
  const drop_in = { connection: entry.connection, repository }
  const prepared = prepareEvent(runtime, source.config, found, {
    ...{ raw: ownBytes(shown), received_at, secret, drop_in },
  })
  const accepted = await options.acceptor.accept(prepared.record)
  logAccepted(options.log, [prepared], [accepted], { via: `POST /repos/${repository}/dispatches` })
}

/** Returns the entry of `dispatches` that the token opens, if it has the repository. */
function entryFor({ config }: Runtime, place: Repository, request: Request): DispatchesConfig {
  if (request.method !== 'POST') throw new Refused(`${request.method} instead of POST`, NOT_FOUND)
  if (config.dispatches.length === 0) throw new Refused('`dispatches` is not configured', NOT_FOUND)
  const found = dispatchesFor(request.headers.authorization, config.dispatches)
  if ('reason' in found) throw new Refused(found.reason, githubError(401, found.message))
  const { entry } = found
  const listed = config.connections.get(entry.connection)?.repositories ?? []
  const possible = isOwner(place.owner) && isRepositoryName(place.repo)
  if (possible && isAllowed(place, entry.repositories) && isAllowed(place, listed)) return entry
  const name = JSON.stringify(`${place.owner}/${place.repo}`.slice(0, 120))
  const reason = `${name} is not among the \`repositories\` of this token's entry of \`dispatches\``
  throw new Refused(reason, NOT_FOUND)
}

/** Returns which secret signed the request, null for none: a signature that comes along must hold, and need not come. */
function verifySignature(
  { clock }: IngestOptions,
  { runtime, source, webhook }: { runtime: Runtime; source: Source; webhook: WebhookRequest },
): number | null {
  const verified = source.verifySignature(webhook)
  if (verified === null) return null
  if (!verified.ok) {
    const slip = lookForSlip(source, webhook, runtime.sources.values(), clock.steady())
    throw new Unverified(slip === null ? verified.reason : `${verified.reason}: ${slip}`)
  }
  if (verified.stale !== undefined) throw new Unverified(verified.stale)
  return verified.secret
}

/** @throws BodyRefused */
function bodyOf(request: Request, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    readBody(request, limit, (read) => {
      if (read instanceof Error) reject(read)
      else resolve(read)
    })
  })
}

function jsonOf(body: Buffer) {
  try {
    return parseJson(body, true)
  } catch (error) {
    if (error instanceof NotAnEvent)
      throw new Refused(error.message, githubError(400, 'Problems parsing JSON'))
    throw error
  }
}

/** Returns the request as an event of its source. The same body for two repositories is two events. */
function eventOf(
  source: Source,
  { event_type, client_payload }: DispatchBody,
  { webhook, repository }: { webhook: WebhookRequest; repository: string },
): SourceEvent | undefined {
  const [found] = source.parse({ event_type, client_payload }, webhook)
  if (found === undefined) return undefined
  const mark = `${repository.toLowerCase()} ${statedEvent(webhook) ?? ''}`
  const identity = withStated(found.identity, mark)
  return { ...found, identity, dispatch_type: event_type, client_payload }
}

const AGAIN = 'Service unavailable. Send it again later.'

/** Answers as GitHub would. Why a token or a signature was refused is for our log alone. */
function answerRefusal({ log, refusals, answered }: IngestOptions, response: Response, error: unknown): void {
  if (response.headersSent) return
  const refuse = (reason: string, answer: GitHubError) => {
    const status = Number(answer.status)
    refusals.note(NAME, { status, reason })
    response.status(status).json(answer)
  }
  if (error instanceof Refused) refuse(error.message, error.answer)
  else if (error instanceof Unverified) refuse(error.message, githubError(401, 'Bad credentials'))
  else if (error instanceof BodyRefused) refuse(error.message, githubError(error.status, error.message))
  else if (error instanceof NoRoom) {
    response.set('Retry-After', RETRY_AFTER_S)
    refuse(error.message, githubError(503, AGAIN))
  } else if (error instanceof StoreUnavailable || error instanceof BacklogFull) {
    log.error({ reason: error.message, fix: 'fix' in error ? error.fix : '' }, 'event turned away: 503')
    response.status(503).set('Retry-After', RETRY_AFTER_S).json(githubError(503, AGAIN))
  } else {
    log.error({ reason: traceOf(error) }, 'ingest failed')
    response.status(500).json(githubError(500, 'Server Error'))
  }
  answered?.(NAME, response.statusCode)
}
