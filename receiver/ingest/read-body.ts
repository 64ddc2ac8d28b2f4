import express, { type Request, type RequestHandler, type Response } from 'express'
import { asError } from '../observe/reason-of.ts'

/** A request whose body will not be read: its HTTP status and what to tell the sender. */
export class BodyRefused extends Error {
  readonly status: 400 | 413 | 415
  constructor(status: 400 | 413 | 415, message: string) {
    super(message)
    this.status = status
  }
}

/** Whoever mounts something in front of ingest must be told; as a wrong signature it would never be found. */
const CONSUMED =
  'The body of this request was read before ingest could: its raw bytes, which the signature covers, are gone. ' +
  "Mount the receiver's routes before express.json() and every other body parser."

const readers = new Map<number, RequestHandler>()

/**
 * Reads the raw bytes of a request, whatever its Content-Type says, up to `limit` bytes; the rest of a longer one
 * is not read. Throws `BodyRefused` for a longer body (chunked ones too), a compressed or a broken-off one, and an
 * `Error` that says what to change where something else has read the body already.
 */
export function readBody(request: Request, response: Response, limit: number): Promise<Buffer> {
  if (request.readableDidRead || request.body !== undefined) return Promise.reject(new Error(CONSUMED))
  // A signature covers the bytes on the wire; nobody we know compresses, and a bomb would have to be unpacked.
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return Promise.reject(new BodyRefused(415, 'Send the body without a Content-Encoding.'))
  }
  return new Promise((resolve, reject) => {
    reader(limit)(request, response, (error?: unknown) => {
      if (error !== undefined) reject(refusal(error, limit))
      else resolve(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0))
    })
  })
}

function reader(limit: number): RequestHandler {
  let made = readers.get(limit)
  if (made === undefined) {
    made = express.raw({ type: () => true, limit, inflate: false })
    readers.set(limit, made)
  }
  return made
}

function refusal(error: unknown, limit: number): Error {
  const { status } = error as { status?: unknown }
  if (status === 413) {
    return new BodyRefused(
      413,
      `The body is larger than ${limit} bytes. Send less, or raise this source's body_limit.`,
    )
  }
  if (status === 400) return new BodyRefused(400, 'The body broke off before its end.')
  return asError(error)
}
