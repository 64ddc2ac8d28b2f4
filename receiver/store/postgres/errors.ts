import { StoreUnavailable } from '../store.ts'

/** Classes of SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html) about the server, not the row. */
const SERVER_CLASSES = new Set(['08', '25', '28', '3D', '40', '53', '55', '57', '58', 'XX'])

/** What a PostgreSQL error means to the caller of an operation. The text never holds the URL's password. */
export function reviseError(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error))
  const { code } = error as { code?: unknown }
  // Each has a digit; EPIPE and its like are the system's own.
  const sqlstate = typeof code === 'string' && /^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? code : null
  const about_row = sqlstate !== null && !SERVER_CLASSES.has(sqlstate.slice(0, 2))
  if (about_row) return new Error(`${error.message} (SQLSTATE ${sqlstate})`, { cause: error })
  return new StoreUnavailable(
    `PostgreSQL does not answer: ${error.message || String(code)}.`,
    sqlstate === '53100'
      ? 'Free space on the disk of the PostgreSQL server.'
      : 'Check that the server of DATABASE_URL runs, accepts connections and the user and database exist.',
    error,
  )
}

const NOT_ALLOWED = '42501'
const ALLOW_FIX =
  'Let its user make tables: `grant create, usage on schema public to USER`, or make USER the owner of the database.'
const OTHER_FIX = 'Read what PostgreSQL says; the database must be our own.'

/** Why the store cannot be opened, and the way forward. */
export function explainRefusal(error: unknown): string {
  const revised = reviseError(error)
  const { code } = error as { code?: unknown }
  const fix = code === NOT_ALLOWED ? ALLOW_FIX : revised instanceof StoreUnavailable ? revised.fix : OTHER_FIX
  return `DATABASE_URL cannot be used: ${revised.message}\n  -> ${fix}`
}
