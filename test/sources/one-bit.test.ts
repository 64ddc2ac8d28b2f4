import { describe, expect, it } from 'vitest'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import type { Json } from '../../src/contract/model-event.ts'
import { connected, jsonFixture, requestOf } from './fixtures.ts'

/** A request that verifies. */
interface Vector {
  type: string
  name: string
  secret: string
  body: string
  headers: Record<string, string>
  /** Unix ms. */
  now: number
}

interface Stored {
  name: string
  secret: string
  body: string
  expected: string
  delivery_id: string
  id: string
  timestamp?: string | number
}

const storedIn = (file: string) => jsonFixture('vectors', `${file}.json`)['vectors'] as unknown as Stored[]

const vectorsOf = (type: string, file: string, headers: (stored: Stored) => Record<string, string>) =>
  storedIn(file).map((stored): Vector => {
    const { name, secret, body, timestamp = 0 } = stored
    return { type, name, secret, body, headers: headers(stored), now: Number(timestamp) * 1_000 }
  })

const standardHeaders = ({ id, timestamp, expected }: Stored) => ({
  'webhook-id': id,
  'webhook-timestamp': String(timestamp),
  'webhook-signature': expected,
})

const VECTORS: Vector[] = [
  ...vectorsOf('databricks', 'databricks', ({ expected }) => ({ 'x-databricks-signature': expected })),
  ...vectorsOf('mlflow', 'mlflow', ({ delivery_id, timestamp, expected }) => ({
    'x-mlflow-delivery-id': delivery_id,
    'x-mlflow-timestamp': String(timestamp),
    'x-mlflow-signature': expected,
  })),
  ...vectorsOf('standard-webhooks', 'standard-webhooks', standardHeaders),
  ...vectorsOf('standard-webhooks', 'standard-webhooks-v1a', standardHeaders),
  ...Object.entries(jsonFixture('vectors', 'wandb.json')).flatMap(([name, vector]) =>
    wandbVectors(name, vector),
  ),
]

function wandbVectors(name: string, vector: Json): Vector[] {
  const { secret, body, base64, hex } = vector as Record<string, string>
  return [base64, hex].flatMap((signature) =>
    signature === undefined || secret === undefined || body === undefined
      ? []
      : [{ type: 'wandb', name, secret, body, headers: { 'x-wandb-signature': signature }, now: 0 }],
  )
}

function holds({ type, secret, headers, now }: Vector, body: Buffer, changed: Record<string, string> = {}) {
  const source = SOURCE_TYPES.get(type)
  if (source === undefined) throw new Error(`there is no source type ${type}`)
  const request = { ...requestOf(body, { headers: { ...headers, ...changed } }), now }
  return connected(source, { secrets: [secret] }).verify(request).ok
}

/** The bytes with each of their bits changed in turn. */
const flips = (bytes: Buffer) =>
  Array.from({ length: bytes.length * 8 }, (_, bit) => {
    const changed = Buffer.from(bytes)
    changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    return changed
  })

describe.each(VECTORS)('the request "$name" of $type', (vector) => {
  const body = Buffer.from(vector.body)

  it('verifies', () => expect(holds(vector, body)).toBe(true))

  it('fails with any one bit of its body changed', () => {
    expect(flips(body).filter((changed) => holds(vector, changed))).toEqual([])
  })

  it.each(Object.keys(vector.headers))('fails with any one bit of %s changed', (name) => {
    const value = vector.headers[name] ?? ''
    const changed = flips(Buffer.from(value, 'latin1')).map((bytes) => bytes.toString('latin1'))
    // Hex means the same in capitals.
    const isSame = (text: string) => /^[0-9a-f]+$/i.test(text) && text.toLowerCase() === value.toLowerCase()
    expect(changed.filter((text) => !isSame(text) && holds(vector, body, { [name]: text }))).toEqual([])
  })
})
