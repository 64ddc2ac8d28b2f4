import { readListenAddresses, type ListenAddress } from '../config/environment/listen-address.ts'

type Env = Readonly<Record<string, string | undefined>>

/** Returns where a receiver with this environment answers its own machine. */
export function ownAddress(env: Env): string {
  return urlOf(readListenAddresses(env).main)
}

/** Returns where the API of a receiver with this environment answers its own machine. */
export function ownApiAddress(env: Env): string {
  return urlOf(readListenAddresses(env).admin)
}

/** Every address includes the loopback one. */
function urlOf({ host, port }: ListenAddress): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}
