/** How `known` writes what it holds: a million models are remembered, so every byte counts. */

/** The content of an identity's row. */
export interface Last {
  /** The value of the request, 47 bits. */
  value: number
  event_id: string
  /** Whether the body of that value has a row of its own. */
  noted: boolean
}

const VALUE_BYTES = 6
const NOTED = 2 ** 47

/** Our own ids, whose first byte is the time's: no text begins with it. */
const OWN_ID = /^evt_0[1-9a-f][0-9a-f]{28}$/
const FIRST_OF_TEXT = 0x20

/** Returns an event's id as bytes: 15 for one of ours. */
export function idBytes(id: string): Buffer {
  return OWN_ID.test(id) ? Buffer.from(id.slice(4), 'hex') : Buffer.from(id)
}

/** Returns the id that `idBytes` wrote. */
export function idOf(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return (buffer[0] ?? FIRST_OF_TEXT) < FIRST_OF_TEXT ? `evt_${buffer.toString('hex')}` : buffer.toString()
}

/** Returns what an identity's row says, as bytes. */
export function lastBytes({ value, event_id, noted }: Last): Buffer {
  const id = idBytes(event_id)
  const bytes = Buffer.allocUnsafe(VALUE_BYTES + id.length)
  bytes.writeUIntBE(value + (noted ? NOTED : 0), 0, VALUE_BYTES)
  bytes.set(id, VALUE_BYTES)
  return bytes
}

/** Returns what `lastBytes` wrote. */
export function lastOf(bytes: Uint8Array): Last {
  const number = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).readUIntBE(0, VALUE_BYTES)
  return { value: number % NOTED, event_id: idOf(bytes.subarray(VALUE_BYTES)), noted: number >= NOTED }
}
