import { readListenAddress } from '../config/environment/listen-address.ts'

/** Returns where a receiver with this environment answers its own machine: every address includes the loopback one. */
export function ownAddress(env: Readonly<Record<string, string | undefined>>): string {
  const { host, port } = readListenAddress(env)
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}
