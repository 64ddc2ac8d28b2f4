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

/** Returns the address in the form that `server.listen` takes, or null for a name. Brackets are how URLs write IPv6. */
function addressOf(text: string): string | null {
  if (text.toLowerCase() === 'localhost') return 'localhost'
  const bare = /^\[(.*)\]$/.exec(text)?.[1] ?? text
  return isIP(bare) === 0 ? null : bare
}

/** Returns HOST and PORT of an environment whose other variables do not matter. Mistakes count as unset. */
export function readListenAddress(env: Readonly<Record<string, string | undefined>>): ListenAddress {
  return listenAddressOf(createReader(env, [], createContentReader()))
}
