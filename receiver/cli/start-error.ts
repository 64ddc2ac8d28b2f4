import { ConfigError } from '../config/config.ts'
import { StoreRefused, StoreUnavailable } from '../store/store.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'

/** Why a command could not run, for the person who started it, and how the process ends. */
export interface ExplainedError {
  message: string
  exit_code: ExitCode
}

/**
 * Returns what is wrong and what to change, with an exit code that says whether the same start may succeed later.
 * Null for an error that is our own and needs its stack.
 */
export function explainStartError(error: unknown): ExplainedError | null {
  const said = sayStartError(error)
  return said === null ? null : { ...said, message: `Model Dispatch did not start.\n${said.message}` }
}

function sayStartError(error: unknown): ExplainedError | null {
  if (error instanceof ConfigError || error instanceof StoreRefused)
    return { message: error.message, exit_code: EXIT.refused }
  if (error instanceof StoreUnavailable)
    return {
      message: `${error.message}\n  -> ${error.fix}`,
      exit_code: error.lasting ? EXIT.refused : EXIT.try_again,
    }
  return explainListenError(error)
}

const LISTEN_ERRORS: ReadonlyMap<unknown, [problem: string, fix: string, exit_code: ExitCode]> = new Map([
  [
    'EADDRINUSE',
    [
      'PORT: it is in use already',
      'End the program that listens there, or set PORT to another one.',
      EXIT.try_again,
    ],
  ],
  ['EACCES', ['PORT: this user may not listen there', 'Set PORT to 1024 or higher.', EXIT.refused]],
  [
    // An address that comes later counts as a bad moment: interfaces come up while services start.
    'EADDRNOTAVAIL',
    [
      'HOST: this machine has no such address',
      'Set HOST to 0.0.0.0, or to one of its addresses.',
      EXIT.try_again,
    ],
  ],
])

/** Node's errors of `server.listen` carry the address: https://nodejs.org/api/errors.html#class-systemerror */
function explainListenError(error: unknown): ExplainedError | null {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return null
  const meaning = error.syscall === 'listen' ? LISTEN_ERRORS.get(error.code) : undefined
  if (meaning === undefined) return null
  const [problem, fix, exit_code] = meaning
  const message = `${problem} (${error.message}).\n  -> ${fix}`
  return {
    message: isOfAdminPort(error) ? message.replaceAll(/\b(PORT|HOST)\b/g, 'ADMIN_$1') : message,
    exit_code,
  }
}

/** Returns whether the error is about the second port: `listen` says so. */
function isOfAdminPort(error: object): boolean {
  const { variables } = error as { variables?: { port?: unknown } }
  return variables?.port === 'ADMIN_PORT'
}
