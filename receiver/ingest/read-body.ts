import type { Request } from 'express'
import { asError } from '../observe/reason-of.ts'

/** A request whose body will not be read: its HTTP status and what to tell the sender. */
export class BodyRefused extends Error {
  readonly status: 400 | 413 | 415
  constructor(status: 400 | 413 | 415, message: string) {
    super(message)
    this.status = status
  }
}

/** Who mounts something in front of ingest must be told; as a wrong signature it would never be found. */
const CONSUMED =
  'The body of this request was read before ingest could: its raw bytes, which the signature covers, are gone. ' +
  "Mount the receiver's routes before express.json() and every other body parser."

/**
 * Returns the raw bytes of a request, whatever its Content-Type says, up to `limit` bytes.
 *
 * @throws BodyRefused at once for a longer body (by its Content-Length, or when a chunked one gets there), for a
 *   compressed one, and for one that breaks off.
 * @throws Error that says what to change where something else has read the body already.
 */
export async function readBody(request: Request, limit: number): Promise<Buffer> {
  if (request.readableDidRead || request.body !== undefined) throw new Error(CONSUMED)
  // A signature covers the bytes on the wire; no sender that we know compresses, and a bomb would have to be unpacked.
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new BodyRefused(415, 'Send the body without a Content-Encoding.')
  }
  try {
    if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit)
    return await collect(request, limit)
  } finally {
    // What is left of a refused body is thrown away as it comes, so that the sender gets to reading the answer.
    request.resume()
  }
}

function collect(request: Request, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const take = (chunk: Buffer) => {
      length += chunk.length
      if (length > limit) end(tooLarge(limit))
      else chunks.push(chunk)
    }
    const end = (error: Error | null) => {
      request.off('data', take)
      if (error === null)
        resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, length))
      else reject(error)
    }
    request.on('data', take)
    request.once('end', () => {
      end(null)
    })
    request.once('error', (error: unknown) => {
      end(isAborted(error) ? new BodyRefused(400, 'The body broke off before its end.') : asError(error))
    })
  })
}

const isAborted = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ECONNRESET'

function tooLarge(limit: number): BodyRefused {
  const message = `The body is larger than ${limit} bytes. Send less, or raise this source's body_limit.`
  return new BodyRefused(413, message)
}
