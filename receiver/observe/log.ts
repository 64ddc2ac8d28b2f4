import { pino, type Logger } from 'pino'

export type Log = Logger

/** Keys that never reach a log, wherever they stand; values that look like tokens are kept out by their makers. */
const SECRET_KEYS = [
  'authorization',
  'token',
  'secret',
  'secrets',
  'access_token',
  'private_key',
  'password',
  'cookie',
]

/**
 * JSON lines on stdout. Every value is a JSON string or number, so nothing in a payload can forge a line or a
 * terminal sequence: control characters are escaped.
 */
export function createLog(level: string, destination?: { write(line: string): void }): Log {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    messageKey: 'message',
    redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[secret]' },
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}
