import { isDecodable } from './proxies.ts'
import type { EnvironmentReader } from './reader.ts'

const FORM = 'postgres://user:password@host:5432/database'
const ENCODE =
  'Special characters of user and password are percent-encoded: @ is %40, : is %3A, / is %2F, ? is %3F, # is %23, ' +
  '% is %25.'

/**
 * The parts of a URL as PostgreSQL's own programs take it, which is more than `URL` reads: several hosts, or none beside a
 * user. https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
 */
const PARTS =
  /^\w+:\/\/(?:(?<user>[^/?#]*)@)?(?<hosts>[^/?#]*)(?<path>[^?#]*)(?:\?(?<search>[^#]*))?(?<hash>#.*)?$/s

/** Returns DATABASE_URL, or null. A refused value is never quoted and never passed on: parts of it may be the password. */
export function readDatabaseUrl(reader: EnvironmentReader): string | null {
  const url = reader.secret('DATABASE_URL')
  if (url === null) return null
  if (!/^postgres(ql)?:\/\//.test(url)) {
    const fix = `Write it as ${FORM}, or unset it to use SQLite in DATA_DIR.`
    return reader.refuse('DATABASE_URL', 'is not a PostgreSQL URL', fix)
  }
  const { user = '', hosts = '', path = '', search = '', hash } = PARTS.exec(url)?.groups ?? {}
  // A password that is not encoded ends the part that it stands in: what comes after it has the @ of the host.
  if (hash !== undefined || path.includes('@') || (user === '' && search.includes('@'))) {
    const message = 'has a special character in user or password that ends this part of a URL'
    return reader.refuse('DATABASE_URL', message, ENCODE)
  }
  if (!hosts.split(',').every(isHost) || !isDecodable(user) || !isDecodable(path)) {
    return reader.refuse('DATABASE_URL', 'cannot be read as a URL', `Write it as ${FORM}. ${ENCODE}`)
  }
  if (path === '' || path === '/') {
    return reader.refuse('DATABASE_URL', 'names no database', `Add its name: ${FORM}.`)
  }
  return url
}

/** A host with its port. None is one too: the query names it, or a socket on this machine is meant. */
function isHost(text: string): boolean {
  return text === '' || URL.canParse(`postgres://${text}/`)
}
