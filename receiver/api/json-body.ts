import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express'
import { DEPTH_LIMIT } from '../ingest/parse-json.ts'
import { problem } from './problem.ts'

/**
 * Reads the JSON body of a request. A POST or PUT whose body says that it is something else is refused: left unread, what it
 * asks for would be ignored, and curl's `-d` calls everything a form.
 */
export function jsonBody(limit = '1mb'): RequestHandler[] {
  return [refuseOthers, express.json({ limit }), refuseDeep]
}

/** Deepest nesting of a body: that of a webhook, which some calls take, and what stands around it. */
const DEEPEST = DEPTH_LIMIT + 16

/** A body that nests by the thousand is JSON, but no check of its form can follow it. */
function refuseDeep(request: Request, response: Response, next: NextFunction): void {
  let level: unknown[] = [request.body]
  for (let depth = 0; depth <= DEEPEST && level.length > 0; depth += 1)
    level = level.flatMap((value): unknown[] =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    )
  if (level.length === 0) next()
  else problem(response, 400, 'bad_request', `The request body nests deeper than ${DEEPEST} levels.`)
}

function refuseOthers(request: Request, response: Response, next: NextFunction): void {
  if (
    !['POST', 'PUT'].includes(request.method) ||
    !hasBody(request) ||
    request.is('application/json') !== false
  ) {
    next()
    return
  }
  const type = request.get('content-type')
  const given =
    type === undefined ? 'The body has no Content-Type' : `The body is sent as ${type.slice(0, 100)}`
  problem(response, 415, 'unsupported_media_type', `${given}. ${HOW_TO_SEND}`)
}

const HOW_TO_SEND = `Send JSON with the header Content-Type: application/json (curl: -H 'Content-Type: application/json').`

/** Returns whether there is anything to read: a form without any field is what curl sends for `-d ''`. */
const hasBody = (request: Request) =>
  request.get('transfer-encoding') !== undefined || Number(request.get('content-length') ?? 0) > 0
