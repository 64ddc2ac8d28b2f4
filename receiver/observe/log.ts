import { pino, stdSerializers, type Logger } from 'pino'
import { tellsSecret } from '../secrets/secret-names.ts'
import { isoTime } from './iso-time.ts'
import { standardOutput } from './log-output.ts'

/** Where every part writes its lines. */
export type Log = Logger

/** Deeper, nothing of ours is ever logged. */
const DEPTH = 5

/**
 * Creates the log: JSON lines on stdout, or to `destination`. Every value is a JSON string or number, so nothing in a
 * payload can forge a line or a terminal sequence: control characters are escaped.
 */
export function createLog(level: string, destination?: { write(line: string): void }): Log {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${isoTime(Date.now())}"`,
    formatters: { level: (label: string) => ({ level: label }), log: hideSecrets },
    serializers: { err: (error: Error) => hide({ ...stdSerializers.err(error) }, DEPTH) },
    messageKey: 'message',
  }
  return pino(options, destination ?? standardOutput(missingLines))
}

/** Returns the line that stands where lines are missing. */
function missingLines(dropped: number): string {
  const message = 'log lines were dropped: stdout took no more'
  return `${JSON.stringify({ level: 'warn', time: new Date().toISOString(), dropped, message })}\n`
}

/**
 * Returns the line without what stands under keys that tell of a secret, wherever they stand; values that look like tokens
 * are kept out by their makers. pino's own `redact` takes longer for that than the whole rest of
 * a line.
 */
function hideSecrets(line: Record<string, unknown>): Record<string, unknown> {
  return (holdsSecret(line, DEPTH) ? hide(line, DEPTH) : line) as Record<string, unknown>
}

/** Returns whether `hide` would change anything: hardly any line needs the copy. */
function holdsSecret(value: unknown, depth: number): boolean {
  if (depth === 0 || typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some((item) => holdsSecret(item, depth - 1))
  if (!isPlain(value)) return false
  return Object.keys(value).some((key) => isSecret(key, value[key]) || holdsSecret(value[key], depth - 1))
}

function hide(value: unknown, depth: number): unknown {
  if (depth === 0) return value
  if (Array.isArray(value)) return value.map((item) => hide(item, depth - 1))
  if (!isPlain(value)) return value
  const shown: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) {
    shown[key] = isSecret(key, item) ? '[secret]' : hide(item, depth - 1)
  }
  return shown
}

/** How many secrets there are is none. */
const isSecret = (key: string, value: unknown) =>
  (typeof value === 'string' || typeof value === 'object') && tellsSecret(key)

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
