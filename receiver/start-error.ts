import { ConfigError } from './config/config.ts'
import { StoreRefused, StoreUnavailable } from './store/store.ts'

/**
 * What to tell the person who started the process: what is wrong and what to change. Null for an error that is our
 * own and needs its stack.
 */
export function explainStartError(error: unknown): string | null {
  if (error instanceof ConfigError || error instanceof StoreRefused) return error.message
  if (error instanceof StoreUnavailable) return `${error.message}\n  -> ${error.fix}`
  return explainListenError(error)
}

const LISTEN_ERRORS: ReadonlyMap<unknown, [problem: string, fix: string]> = new Map([
  [
    'EADDRINUSE',
    ['PORT: it is in use already', 'End the program that listens there, or set PORT to another one.'],
  ],
  ['EACCES', ['PORT: this user may not listen there', 'Set PORT to 1024 or higher.']],
  [
    'EADDRNOTAVAIL',
    ['HOST: this machine has no such address', 'Set HOST to 0.0.0.0, or to one of its addresses.'],
  ],
  [
    'ENOTFOUND',
    ['HOST: this name cannot be resolved', "Set HOST to 0.0.0.0, or to one of this machine's addresses."],
  ],
])

/** Node's errors of `server.listen` carry the address: https://nodejs.org/api/errors.html#class-systemerror */
function explainListenError(error: unknown): string | null {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return null
  const meaning = ['listen', 'getaddrinfo'].includes(String(error.syscall))
    ? LISTEN_ERRORS.get(error.code)
    : undefined
  return meaning === undefined ? null : `${meaning[0]} (${error.message}).\n  -> ${meaning[1]}`
}
