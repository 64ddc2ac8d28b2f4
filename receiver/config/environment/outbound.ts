import type { OutboundRules } from '../../outbound/guard.ts'
import { listOf, readCidrs } from './cidrs.ts'
import type { EnvironmentReader } from './reader.ts'

/** A host as OUTBOUND_ALLOW_HOSTS lists it: a name, `*.` and a name, or an address. */
const HOST = /^(\*\.)?[a-z\d_]([a-z\d_-]*[a-z\d_])?(\.[a-z\d_]([a-z\d_-]*[a-z\d_])?)*\.?$|^\[?[\da-f:.]+\]?$/i

/** Returns what users' URLs may reach beyond public https: OUTBOUND_ALLOW_CIDRS, _HTTP and _HOSTS. */
export function readOutboundRules(reader: EnvironmentReader): OutboundRules {
  return {
    allow_cidrs: readCidrs(reader, 'OUTBOUND_ALLOW_CIDRS'),
    allow_http: readAllowHttp(reader),
    allow_hosts: readHosts(reader),
  }
}

function readAllowHttp(reader: EnvironmentReader): boolean {
  const text = reader.text('OUTBOUND_ALLOW_HTTP')?.toLowerCase() ?? 'false'
  if (text === 'true' || text === 'false') return text === 'true'
  reader.refuse('OUTBOUND_ALLOW_HTTP', 'is neither true nor false', 'Write true or false.')
  return false
}

function readHosts(reader: EnvironmentReader): string[] {
  const given = listOf(reader, 'OUTBOUND_ALLOW_HOSTS')
  const wrong = given.find((host) => !HOST.test(host))
  if (wrong === undefined) return given
  const fix =
    'List names by comma, without scheme, port and path, e.g. hooks.corp.example,*.apps.corp.example.'
  reader.refuse('OUTBOUND_ALLOW_HOSTS', 'is not a list of host names', fix)
  return []
}
