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

/** A body for which there is no room now. Nothing was stored. */
export class NoRoom extends Error {}

/** The most bytes of bodies that are held at once while they arrive: nobody has shown a credential by then. */
const ROOM_BYTES = 128 * 2 ** 20
/** A body up to this size is always read: that is what registries send. */
const SMALL_BYTES = 64 * 2 ** 10
/** Pieces of a body are joined until they have this size. */
const LEAST_PIECE_BYTES = 16 * 2 ** 10
let held = 0

/** Who mounts something in front of ingest must be told; as a wrong signature it would never be found. */
const CONSUMED =
  'The body of this request was read before ingest could: its raw bytes, which the signature covers, are gone. ' +
  "Mount the receiver's routes before express.json() and every other body parser."

/**
 * Reads the raw bytes of a request, whatever its Content-Type says, up to `limit` bytes, and calls `done` once, with the
 * body or with the reason why there is none:
 * - a `BodyRefused`, at once for a longer body (by its Content-Length, or when a chunked one gets there), for a
 *   compressed one, and for one that breaks off;
 * - a `NoRoom`, for a large one while many others arrive;
 * - an error that says what to change where something else has read the body already.
 */
export function readBody(request: Request, limit: number, done: (read: Buffer | Error) => void): void {
  const refused = refusalOf(request, limit)
  if (refused === null) {
    collect(request, limit, done)
    return
  }
  done(refused)
  discardRest(request)
}

function refusalOf(request: Request, limit: number): Error | null {
  if (request.readableDidRead || request.body !== undefined) return new Error(CONSUMED)
  const { headers } = request
  // A signature covers the bytes on the wire; no sender that we know compresses, and a bomb would have to be unpacked.
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return new BodyRefused(415, 'Send the body without a Content-Encoding.')
  }
  return Number(headers['content-length'] ?? 0) > limit ? tooLarge(limit) : null
}

function collect(request: Request, limit: number, done: (read: Buffer | Error) => void): void {
  const chunks: Buffer[] = []
  let length = 0
  let is_done = false
  const end = (read: Buffer | Error) => {
    is_done = true
    held -= length
    request.off('data', take)
    done(read)
  }
  const take = (chunk: Buffer) => {
    length += chunk.length
    held += chunk.length
    const refused = length > limit ? tooLarge(limit) : noRoom(length)
    if (refused === null) {
      add(chunks, chunk)
      return
    }
    chunks.length = 0
    end(refused)
    discardRest(request)
  }
  request.on('data', take)
  request.on('end', () => {
    if (!is_done) end(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, length))
  })
  request.on('error', (error: unknown) => {
    if (is_done) return
    end(isAborted(error) ? new BodyRefused(400, 'The body broke off before its end.') : asError(error))
  })
}

function noRoom(length: number): NoRoom | null {
  return length > SMALL_BYTES && held > ROOM_BYTES
    ? new NoRoom('Too many large bodies arrive at once.')
    : null
}

/** Adds a piece of a body. Small ones are joined: a body that comes byte by byte would take some 250 times its size. */
function add(chunks: Buffer[], chunk: Buffer): void {
  let last = chunk
  for (let before = chunks.at(-1); isJoined(before, last); before = chunks.at(-1)) {
    last = Buffer.concat([before, last])
    chunks.pop()
  }
  chunks.push(last)
}

/** Only pieces of like sizes are joined, so that a byte is copied a dozen times at most. */
function isJoined(before: Buffer | undefined, last: Buffer): before is Buffer {
  return before !== undefined && before.length < LEAST_PIECE_BYTES && before.length <= last.length
}

/** Throws the rest of a refused body away as it comes, so that the sender gets to reading the answer. */
function discardRest(request: Request): void {
  request.resume()
}

const isAborted = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ECONNRESET'

function tooLarge(limit: number): BodyRefused {
  const message = `The body is larger than ${limit} bytes. Send less, or raise this source's body_limit.`
  return new BodyRefused(413, message)
}
