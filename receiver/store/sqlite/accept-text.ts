import { isUtf8 } from 'node:buffer'
import type { AcceptArgs, NewEvent } from '../records.ts'

/** Neither JSON nor a body that was parsed as JSON holds it. */
const SEPARATOR = '\0'

/**
 * Returns a group of events as one text: for the store's thread, which would otherwise get clones of its many small
 * objects and bodies, at several times the cost for both threads. Returns null for a group that cannot be written so:
 * one with a body that is not UTF-8 or holds U+0000.
 */
export function groupToText({ events, ...rest }: AcceptArgs): string | null {
  const texts: string[] = []
  const small: unknown[] = []
  for (const event of events) {
    const body = bodyText(event.raw)
    if (body === null) return null
    // Both are JSON already: as strings within JSON they would be escaped once more.
    texts.push(event.event, body)
    small.push({ ...event, event: null, raw: null })
  }
  return [JSON.stringify({ ...rest, events: small }), ...texts].join(SEPARATOR)
}

/** Returns the group of events that {@link groupToText} wrote. */
export function groupFromText(text: string): AcceptArgs {
  const [head = '', ...texts] = text.split(SEPARATOR)
  const args = JSON.parse(head) as AcceptArgs
  const events = args.events.map((event, i) => ({
    ...event,
    event: texts[2 * i] as NewEvent['event'],
    raw: Buffer.from(texts[2 * i + 1] ?? ''),
  }))
  return { ...args, events }
}

function bodyText(raw: Uint8Array): string | null {
  if (!isUtf8(raw)) return null
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('utf8')
  return text.includes(SEPARATOR) ? null : text
}
