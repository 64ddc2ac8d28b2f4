import { isIP } from 'node:net'
import { createContentReader } from '../content.ts'
import { createReader, type EnvironmentReader } from './reader.ts'

/** Where a server listens. */
export interface ListenAddress {
  /** An IPv4 or IPv6 address, or `localhost`. */
  host: string
  /** 0: any free port. */
  port: number
}

/** Listening everywhere, on IPv4. `::` listens everywhere on IPv6, and on IPv4 as well where Linux allows it. */
const EVERYWHERE = '0.0.0.0'
const DEFAULT_PORT = 8080
const HIGHEST_PORT = 65_535

/**
 * Returns HOST and PORT. HOST is often there without anybody having set it for this program: conda exports the name
 * of its compiler's platform, shells export the machine's name. So a value that is not an address is ignored, and the
 * reader's notices say so.
 */
export function listenAddressOf(reader: EnvironmentReader): ListenAddress {
  const port = reader.integer('PORT', DEFAULT_PORT, HIGHEST_PORT)
  const given = reader.text('HOST')
  if (given === null) return { host: EVERYWHERE, port }
  const host = addressOf(given)
  if (host !== null) return { host, port }
  reader.notice(
    'HOST',
    'is not an address, so it is ignored: the receiver listens on every address',
    HOST_FIX,
  )
  return { host: EVERYWHERE, port }
}

const HOST_FIX =
  'Set HOST to an address (127.0.0.1, 0.0.0.0, ::1, :: for every address of both kinds) or to localhost, or unset it.'

/**
 * Returns ADMIN_PORT and ADMIN_HOST, where the dashboard, the API and the metrics answer in place of PORT; null: they
 * answer on PORT. Nothing exports these names by itself, so a mistake in them is refused.
 */
export function adminAddressOf(reader: EnvironmentReader, main: ListenAddress): ListenAddress | null {
  const given = reader.text('ADMIN_HOST')
  if (reader.text('ADMIN_PORT') === null) {
    if (given !== null)
      reader.refuse(
        'ADMIN_HOST',
        'is set, and ADMIN_PORT is not',
        'Set ADMIN_PORT as well, or unset ADMIN_HOST.',
      )
    return null
  }
  const port = reader.integer('ADMIN_PORT', USUAL_ADMIN_PORT, HIGHEST_PORT)
  if (port !== 0 && port === main.port)
    reader.refuse(
      'ADMIN_PORT',
      'is the same as PORT',
      'Set it to another port, or unset it to have one port for all.',
    )
  if (given === null) return { host: main.host, port }
  const host = addressOf(given)
  if (host === null) reader.refuse('ADMIN_HOST', 'is not an address', ADMIN_HOST_FIX)
  return { host: host ?? main.host, port }
}

const USUAL_ADMIN_PORT = 9090
const ADMIN_HOST_FIX = 'Set it to an address such as 127.0.0.1, to localhost, or unset it to use HOST.'

/** Returns the address in the form that `server.listen` takes, or null for a name. Brackets are how URLs write IPv6. */
function addressOf(text: string): string | null {
  if (text.toLowerCase() === 'localhost') return 'localhost'
  const bare = /^\[(.*)\]$/.exec(text)?.[1] ?? text
  return isIP(bare) === 0 ? null : bare
}

/**
 * Returns where a receiver with this environment listens for webhooks, and where its API answers. Mistakes, and other
 * variables, do not matter.
 */
export function readListenAddresses(env: Readonly<Record<string, string | undefined>>): {
  main: ListenAddress
  admin: ListenAddress
} {
  const reader = createReader(env, [], createContentReader())
  const main = listenAddressOf(reader)
  return { main, admin: adminAddressOf(reader, main) ?? main }
}
