import type { EnvironmentReader } from './reader.ts'

const FORM = 'postgres://user:password@host:5432/database'
const ENCODE =
  'Special characters of user and password are percent-encoded: @ is %40, : is %3A, / is %2F, ? is %3F, # is %23, ' +
  '% is %25.'

/** Returns DATABASE_URL, or null. A refused value is never quoted and never passed on: parts of it may be the password. */
export function readDatabaseUrl(reader: EnvironmentReader): string | null {
  const url = reader.secret('DATABASE_URL')
  if (url === null) return null
  if (!/^postgres(ql)?:\/\//.test(url)) {
    const fix = `Write it as ${FORM}, or unset it to use SQLite in DATA_DIR.`
    return reader.refuse('DATABASE_URL', 'is not a PostgreSQL URL', fix)
  }
  if (!URL.canParse(url)) {
    return reader.refuse('DATABASE_URL', 'cannot be read as a URL', `Write it as ${FORM}. ${ENCODE}`)
  }
  const { pathname, search, hash } = new URL(url)
  // A password that is not percent-encoded ends its part of the URL early: the host's @ is then in a later part.
  if (hash !== '' || `${pathname}${search}`.includes('@')) {
    const message = 'has a special character in user or password that ends this part of a URL'
    return reader.refuse('DATABASE_URL', message, ENCODE)
  }
  if (pathname === '' || pathname === '/') {
    return reader.refuse('DATABASE_URL', 'names no database', `Add its name: ${FORM}.`)
  }
  return url
}
