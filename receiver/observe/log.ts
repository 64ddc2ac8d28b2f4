import { pino, type Logger } from 'pino'

export type Log = Logger

/** Keys that never reach a log, wherever they stand; values that look like tokens are kept out by their makers. */
const SECRET_KEYS = new Set([
  'authorization',
  'token',
  'secret',
  'secrets',
  'access_token',
  'private_key',
  'password',
  'cookie',
])

const DEPTH = 4

/**
 * JSON lines on stdout. Every value is a JSON string or number, so nothing in a payload can forge a line or a
 * terminal sequence: control characters are escaped.
 */
export function createLog(level: string, destination?: { write(line: string): void }): Log {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }), log: hideSecrets },
    messageKey: 'message',
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}

/** A copy without what stands under those keys. pino's own `redact` takes longer for that than the rest of a line. */
function hideSecrets(line: Record<string, unknown>, depth = DEPTH): Record<string, unknown> {
  const shown: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(line)) {
    shown[key] = SECRET_KEYS.has(key)
      ? '[secret]'
      : isRecord(value) && depth > 0
        ? hideSecrets(value, depth - 1)
        : value
  }
  return shown
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Error)
