/**
 * The servers that DATABASE_URL names. libpq takes several in one URL (`postgres://one:5432,two:5433/database`, or lists
 * in `host=` and `port=`), for a primary that moves between them:
 * https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS. The driver takes one, so each attempt
 * to connect gets the URL of one.
 */

/** Scheme and user, hosts, all the rest. A password that holds an @ is taken to the last one, as URLs are read. */
const PARTS = /^([a-z]+:\/\/(?:[^/?#]*@)?)([^/?#]*)([^?]*)(?:\?(.*))?$/s

/** Returns one URL for each server that `url` names, in their order. */
export function serverUrls(url: string): string[] {
  const [, start = '', hosts = '', path = '', search] = PARTS.exec(url) ?? []
  if (search === undefined) return hosts.split(',').map((host) => `${start}${host}${path}`)
  const query = new URLSearchParams(search)
  const in_query = query.get('host')?.split(',') ?? [null]
  const ports = query.get('port')?.split(',') ?? [null]
  return hosts.split(',').flatMap((host) =>
    in_query.map((other, n) => {
      const one = new URLSearchParams(query)
      if (other !== null) one.set('host', other)
      const port = ports.length === 1 ? ports[0] : ports[n]
      if (port !== null && port !== undefined) one.set('port', port)
      return `${start}${host}${path}?${one.toString()}`
    }),
  )
}

/** Which server the next connection goes to. */
export interface Servers {
  /** How many there are. */
  readonly count: number
  /** The URL of the server whose turn it is. */
  current(): string
  /** Notes that a connection to `url` failed: the next one goes to the server after it. */
  failed(url: string): void
}

/** Starts with the first server. Calls that fail together move on by one server only. */
export function takeTurns(url: string): Servers {
  const urls = serverUrls(url)
  let at = 0
  const current = () => urls[at] ?? url
  return {
    count: urls.length,
    current,
    failed(tried) {
      if (tried === current()) at = (at + 1) % urls.length
    },
  }
}
