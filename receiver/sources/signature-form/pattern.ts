/** A part of a pattern: what stands around one placeholder. */
interface Part {
  before: string
  name: string
  after: string
}

/** How a header holds signatures and a timestamp. */
export interface Pattern {
  parts: readonly Part[]
  /** The text between the pieces of a header. */
  separator: RegExp
}

/** The pieces found in a header. */
export interface Found {
  signatures: string[]
  /** The timestamp; null where there is none, or where two contradict each other. */
  timestamp: string | null
}

const PLACEHOLDER = /\{([^{}]*)\}/g
/** More signatures than a rotation needs are not looked at. */
const MOST_SIGNATURES = 16

/** Returns the names of the placeholders of a text, in their order. */
export function placeholders(text: string): string[] {
  return Array.from(text.matchAll(PLACEHOLDER), ([, name = '']) => name)
}

/**
 * Reads a pattern such as `t={timestamp},v1={signature}`: pieces in any order, each as often as a rotation needs. A
 * pattern whose pieces would lack a placeholder (`v1,{signature}`) is one piece.
 */
export function readPattern(pattern: string): Pattern {
  const pieces = pattern.split(/[,;\s]+/)
  if (pieces.every((piece) => placeholders(piece).length === 1)) {
    return { parts: pieces.map(partOf), separator: /[,;\s]+/ }
  }
  return { parts: [partOf(pattern)], separator: /\s+/ }
}

function partOf(piece: string): Part {
  const [name = ''] = placeholders(piece)
  const [before = '', after = ''] = piece.split(`{${name}}`)
  return { before, name, after }
}

/** Returns what a header holds by a pattern. Never throws. */
export function findIn(header: string, { parts, separator }: Pattern): Found {
  const signatures: string[] = []
  const timestamps = new Set<string>()
  for (const piece of header.trim().split(separator)) {
    for (const { before, name, after } of parts) {
      const fits = piece.startsWith(before) && piece.endsWith(after)
      const value = fits ? piece.slice(before.length, piece.length - after.length) : ''
      if (value === '') continue
      if (name === 'timestamp') timestamps.add(value)
      else if (signatures.length < MOST_SIGNATURES) signatures.push(value)
    }
  }
  const [timestamp = null] = timestamps
  return { signatures, timestamp: timestamps.size === 1 ? timestamp : null }
}

/** Returns the bytes that `signed` describes: `{timestamp}.{body}` with each placeholder replaced by its value. */
export function signedContent(
  signed: string,
  { id, timestamp, body }: { id: Uint8Array; timestamp: Uint8Array; body: Uint8Array },
): Buffer {
  const values = new Map([
    ['{id}', id],
    ['{timestamp}', timestamp],
    ['{body}', body],
  ])
  const parts = signed.split(/(\{(?:id|timestamp|body)\})/)
  return Buffer.concat(parts.map((part) => values.get(part) ?? Buffer.from(part)))
}
