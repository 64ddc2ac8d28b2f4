import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Failure } from './failures.ts'
import type { LimitSettings } from './limits.ts'
import type { Operation } from './openapi.ts'
import type { StandInGitHub } from './stand-in.ts'

/**
 * Steers a stand-in of another process, in JSON:
 * - `GET /_control/dispatches`, `/_control/requests`, `/_control/violations`, `/_control/identities`
 * - `POST /_control/fail` `{failure, times?, operation?}`, or `{failure, always: true}`; `{failure: null}` ends all
 * - `POST /_control/limits` with the limits to change
 * - `POST /_control/clear` forgets what was recorded
 */
export async function answerControl(
  github: StandInGitHub,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readJson(request)
  const answer = run(github, `${request.method ?? 'GET'} ${request.url ?? ''}`, body)
  response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(answer ?? { error: 'There is no such control.' }))
}

function run(github: StandInGitHub, command: string, body: unknown): object | undefined {
  switch (command) {
    case 'GET /_control/dispatches':
      return github.dispatches
    case 'GET /_control/requests':
      return github.requests.map(({ headers, ...rest }) => ({ ...rest, user_agent: headers['user-agent'] }))
    case 'GET /_control/violations':
      return github.violations
    case 'GET /_control/identities':
      return Object.fromEntries(github.limits.identities)
    case 'POST /_control/fail':
      return fail(github, body)
    case 'POST /_control/limits':
      return (github.limits.settings = { ...github.limits.settings, ...(body as Partial<LimitSettings>) })
    case 'POST /_control/clear':
      for (const list of [github.dispatches, github.requests, github.violations]) list.length = 0
      return {}
    default:
      return undefined
  }
}

function fail(github: StandInGitHub, body: unknown): object {
  const {
    failure,
    times = 1,
    operation = null,
    always = false,
  } = body as {
    failure: Failure | null
    times?: number
    operation?: Operation | null
    always?: boolean
  }
  if (failure === null) github.script.clear()
  else if (always) github.failAlways(failure)
  else github.failNext(failure, { times, operation })
  return {}
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return JSON.parse(Buffer.concat(chunks).toString() || '{}') as unknown
}
