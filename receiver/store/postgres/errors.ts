import { asError } from '../../observe/reason-of.ts'
import { AutomationsChanged, StoreRefused, StoreUnavailable } from '../store.ts'

/**
 * Classes of SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html) about the server, not the row.
 */
const SERVER_CLASSES = new Set(['08', '25', '28', '3D', '3F', '40', '53', '55', '57', '58', 'XX'])
/** Of class 42, what is about the tables and the rights to them: our queries are always the same. */
const ABOUT_TABLES = new Set(['42501', '42P01', '42703', '42P07'])

const RIGHTS_FIX =
  'Let its user make tables (`grant create, usage on schema public to USER`) and use them (`grant select, insert, ' +
  'update, delete on all tables in schema public to USER`, `grant usage, select on all sequences in schema public to ' +
  'USER`), or make USER the owner of the database and of its tables.'
const OWN_FIX =
  'The database must be our own: name an empty one, restore a backup, or give this user the tables that are there ' +
  '(`grant select, insert, update, delete on all tables in schema public to USER`).'
const PASSWORD_FIX =
  'Correct user and password in DATABASE_URL (postgres://user:password@host:5432/database). Special characters of the ' +
  'password are percent-encoded: @ is %40, / is %2F, # is %23, % is %25.'
const PRIMARY_FIX =
  'Name the primary server in DATABASE_URL: this one is a standby, or its user or database is set to read-only.'
const CERTIFICATE_FIX =
  "Add the server's certificate authority: `sslrootcert=/path/ca.pem` in DATABASE_URL or NODE_EXTRA_CA_CERTS. The host in " +
  'DATABASE_URL must be the one that the certificate names.'

/** By SQLSTATE, or by Node.js's code of a TLS error. */
const FIXES: ReadonlyMap<string, string> = new Map([
  ['28P01', PASSWORD_FIX],
  [
    '28000',
    'Allow this host, user and database in pg_hba.conf of the server. Where it takes encrypted connections only, add ' +
      '`?sslmode=verify-full` to DATABASE_URL.',
  ],
  [
    '3D000',
    "Create it (`create database NAME encoding 'UTF8' template template0`), or correct the name at the end of DATABASE_URL.",
  ],
  ['25006', PRIMARY_FIX],
  ['42501', RIGHTS_FIX],
  ['42P01', OWN_FIX],
  ['42703', OWN_FIX],
  ['42P07', OWN_FIX],
  ['3F000', RIGHTS_FIX],
  ['53100', 'Free space on the disk of the PostgreSQL server.'],
  [
    '53300',
    'Each replica holds up to 11 connections: raise max_connections of the server, or run fewer replicas.',
  ],
  ...[
    'SELF_SIGNED_CERT_IN_CHAIN',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ].map((code): [string, string] => [code, CERTIFICATE_FIX]),
])

/** By what the driver says itself, where it gives no code. */
const DRIVER_FIXES: readonly [said: RegExp, fix: string][] = [
  [/does not support SSL/, 'Remove `sslmode` from DATABASE_URL, or switch TLS on at the server.'],
  [/password must be a(n empty)? string/, PASSWORD_FIX],
]

const SERVER_FIX =
  'Check that the server of DATABASE_URL runs, accepts connections and the user and database exist.'

/** Translates a PostgreSQL error for the caller of an operation. The text never holds the URL's password. */
export function reviseError(error: unknown): Error {
  if (!(error instanceof Error)) return asError(error)
  if (error instanceof StoreUnavailable || error instanceof AutomationsChanged) return error
  const { code } = error as { code?: unknown }
  // Each has a digit; EPIPE and its like are the system's own.
  const sqlstate = typeof code === 'string' && /^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? code : null
  if (sqlstate !== null && !SERVER_CLASSES.has(sqlstate.slice(0, 2)) && !ABOUT_TABLES.has(sqlstate))
    return new Error(`${error.message} (SQLSTATE ${sqlstate})`, { cause: error })
  const answered = sqlstate === null ? 'PostgreSQL does not answer' : 'PostgreSQL refuses'
  const said = error.message || String(code)
  return new StoreUnavailable(`${answered}: ${said}.`, fixFor(code, said), {
    cause: error,
    lasting: isLasting(code, said),
  })
}

/** Classes of SQLSTATE that only a person can mend: credentials, a missing database or schema, rights. */
const FOR_A_PERSON: ReadonlySet<string> = new Set(['28', '3D', '3F', '42'])

/**
 * Whether it stays so until somebody changes something: rights, credentials, certificates. A server that does not
 * answer may just be starting, and one that takes no writes may be about to become the primary.
 */
function isLasting(code: unknown, said: string): boolean {
  if (DRIVER_FIXES.some(([words]) => words.test(said))) return true
  if (typeof code !== 'string') return false
  return FIXES.get(code) === CERTIFICATE_FIX || (code.length === 5 && FOR_A_PERSON.has(code.slice(0, 2)))
}

function fixFor(code: unknown, said: string): string {
  const known = typeof code === 'string' ? FIXES.get(code) : undefined
  return known ?? DRIVER_FIXES.find(([words]) => words.test(said))?.[1] ?? SERVER_FIX
}

/** Whether another server may do what this one could not: it is away, going away, or takes no writes. */
export function isOfServer(error: unknown): boolean {
  const revised = reviseError(error)
  return revised instanceof StoreUnavailable && !revised.lasting
}

const OTHER_FIX = 'Read what PostgreSQL says; the database must be our own.'

/** The error of opening the store: `StoreUnavailable` where opening it again may succeed, else `StoreRefused`. */
export function openError(error: unknown): StoreRefused | StoreUnavailable {
  if (error instanceof StoreRefused) return error
  const revised = reviseError(error)
  if (!(revised instanceof StoreUnavailable)) return refusal(revised.message, OTHER_FIX)
  return revised.lasting
    ? refusal(revised.message, revised.fix)
    : new StoreUnavailable(unusable(revised.message), revised.fix, { cause: error })
}

const unusable = (message: string) => `DATABASE_URL cannot be used: ${message}`

function refusal(message: string, fix: string): StoreRefused {
  return new StoreRefused(`${unusable(message)}\n  -> ${fix}`)
}

/** The oldest server that is taken, as `server_version_num` has it. */
const OLDEST = 120_000

/** The server's description of itself and of the database. */
export interface ServerFacts {
  version: number
  /** `server_version`, for people. */
  version_text: string
  encoding: string
  read_only: boolean
}

/**
 * Why a server that answers cannot be used, and the way forward; null when it can. In a database of another encoding a
 * single character that it lacks would make an event impossible to store, long after the start.
 */
export function explainServer(facts: ServerFacts): StoreRefused | StoreUnavailable | null {
  const { version, version_text, encoding, read_only } = facts
  if (version < OLDEST) {
    const fix = 'Upgrade the server, or name another one.'
    return refusal(`the server is PostgreSQL ${version_text}, and the oldest supported is 12.`, fix)
  }
  if (encoding !== 'UTF8') {
    const fix = "Make another one: `create database NAME encoding 'UTF8' template template0`."
    return refusal(`the database has the encoding ${encoding}, and UTF8 is needed for names and texts.`, fix)
  }
  return read_only ? new StoreUnavailable(unusable('the server is read-only.'), PRIMARY_FIX) : null
}
