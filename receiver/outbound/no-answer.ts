import type { Meaning } from '../policy/attempt.ts'
import { inline } from '../secrets/redact.ts'

interface Row {
  /** Names the row in tests. */
  id: string
  applies(code: string, text: string): boolean
  /** Whether the request can have reached the server. */
  sent: boolean
  what(host: string): string
  fix(host: string): string
}

const again = 'It is tried again by itself.'

/** The reasons why no answer came, by the error codes of Node and undici; the first row that applies wins. */
const ROWS: readonly Row[] = [
  {
    id: 'name',
    applies: (code) => ['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME'].includes(code),
    sent: false,
    what: (host) => `The name ${host} cannot be resolved`,
    fix: (host) => `Check the spelling of ${host} and this machine's DNS. ${again}`,
  },
  {
    id: 'proxy',
    applies: (code, text) =>
      code === 'UND_ERR_PRX_TLS' || /proxy (response|connection|authentication)|Secure Proxy/i.test(text),
    sent: false,
    what: () => 'The forward proxy does not let the connection through',
    fix: (host) => `Check HTTPS_PROXY, its user name and password, and that it allows ${host}. ${again}`,
  },
  {
    id: 'refused',
    applies: (code) => code === 'ECONNREFUSED',
    sent: false,
    what: (host) => `${host} refuses the connection`,
    fix: (host) => `Check that ${host} is up and its port is right. ${again}`,
  },
  {
    id: 'unreachable',
    applies: (code) =>
      ['UND_ERR_CONNECT_TIMEOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'].includes(code),
    sent: false,
    what: (host) => `${host} cannot be reached`,
    fix: (host) => `Check routes and firewalls to ${host}; behind a forward proxy set HTTPS_PROXY. ${again}`,
  },
  {
    id: 'certificate',
    applies: (code) => /^CERT_|CERT|SELF_SIGNED|UNABLE_TO_|^ERR_TLS_|^ERR_SSL_|^EPROTO$/.test(code),
    sent: false,
    what: (host) => `The TLS certificate or connection of ${host} is not accepted`,
    fix: (host) =>
      `If ${host} has a certificate of your own authority, name its file in NODE_EXTRA_CA_CERTS and restart; else check that it has not expired. ${again}`,
  },
  {
    id: 'timeout',
    applies: (code) =>
      ['TimeoutError', 'AbortError', 'ETIMEDOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_ABORTED'].includes(
        code,
      ),
    sent: true,
    what: (host) => `${host} did not answer in time`,
    fix: () => again,
  },
  {
    id: 'broken',
    applies: () => true,
    sent: true,
    what: (host) => `The connection to ${host} broke before an answer came`,
    fix: () => again,
  },
]

/** The names of all rows, in the order in which they are asked. */
export const NO_ANSWER_ROWS: readonly string[] = ROWS.map(({ id }) => id)

/** The request that no answer came to. */
export interface Unanswered {
  host: string
  /** The certain part, in words that end a sentence: when the request may have reached the server … */
  sent: string
  /** … and when it cannot have. */
  unsent: string
}

/**
 * Returns what it means that no answer came. The class is always `ambiguous`, so that the schedule tries again; the
 * message says whether the request can have had an effect.
 */
export function readNoAnswer(error: unknown, { host, sent, unsent }: Unanswered): Meaning & { row: string } {
  const { code, text } = cause(error)
  const row = ROWS.find((candidate) => candidate.applies(code, text))
  if (row === undefined) throw new Error('The last row applies to everything.')
  const shown = code === '' ? '' : ` (${inline(code, [])})`
  return {
    row: row.id,
    class: 'ambiguous',
    message: `${row.what(host)}${shown}: ${row.sent ? sent : unsent}.`,
    fix: row.fix(host),
    retry_after_ms: null,
  }
}

/** Returns the innermost cause that has a code; `fetch` wraps the system's error once or twice. */
function cause(error: unknown): { code: string; text: string } {
  const found = { code: '', text: '' }
  let current: unknown = error
  for (let depth = 0; depth < 6 && current instanceof Error; depth += 1) {
    found.text += ` ${current.message}`
    found.code = codeOf(current) || found.code
    current = inner(current)
  }
  return found
}

function inner(error: Error): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors[0]
  return error.cause
}

function codeOf(error: Error): string {
  if ('code' in error && typeof error.code === 'string') return error.code
  return error.name === 'TimeoutError' || error.name === 'AbortError' ? error.name : ''
}
