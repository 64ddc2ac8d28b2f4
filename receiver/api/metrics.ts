import type { RequestHandler, Response } from 'express'
import { EXPOSITION_TYPE } from '../observe/metrics/exposition.ts'
import { principalIn } from './authorize.ts'
import { ApiProblem } from './problem.ts'

/** Returns the handler of `GET /metrics`. */
export function serveMetrics(read: () => Promise<string>): RequestHandler {
  return async (_request, response) => {
    response.set({ 'Content-Type': EXPOSITION_TYPE, 'Cache-Control': 'no-store' }).send(await read())
  }
}

/** Refuses a token that is limited to some automations: the metrics tell of all. */
export const refuseLimited: RequestHandler = (_request, response: Response, next) => {
  const { limited, name } = principalIn(response)
  if (!limited) next()
  else
    throw new ApiProblem(
      403,
      'limited_token',
      `The token "${name}" is limited to some automations, and the metrics are of the whole receiver: use another token.`,
    )
}
