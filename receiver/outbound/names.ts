/**
 * Endings of names that never lead to the public internet: special use (RFC 6761, 6762, 7686, 8375, 9476), ICANN's
 * `internal`, names that it keeps from ever being sold, and what routers and clusters use.
 */
const INSIDE: readonly string[] = [
  'localdomain',
  'local',
  'internal',
  'intranet',
  'private',
  'corp',
  'home',
  'lan',
  'mail',
  'home.arpa',
  'cluster.local',
  'svc',
  'consul',
  'test',
  'invalid',
  'example',
  'onion',
  'alt',
]

/** Returns whether a name, in lower case and without a final dot, can be a public one by its looks. */
export function isPublicName(name: string): boolean {
  return name.includes('.') && !INSIDE.some((ending) => name.endsWith(`.${ending}`))
}

/** Returns whether a list of hosts (`hooks.corp.example`, `*.corp.example`) names a host. */
export function namesHost(hosts: readonly string[], host: string): boolean {
  return hosts.some((listed) => {
    const name = withoutDot(withoutBrackets(listed.toLowerCase()))
    return name.startsWith('*.') ? host.endsWith(name.slice(1)) : host === name
  })
}

/** Returns the host of a URL in one form: no brackets around IPv6, no dot at the end. */
export function hostOf(url: URL): string {
  return withoutDot(withoutBrackets(url.hostname))
}

/** Returns an IPv6 address of a URL as programs take it. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[(.+)\]$/, '$1')
}

/** Returns a name without the dot that ends a fully qualified one. */
export function withoutDot(host: string): string {
  return host.replace(/(?<=.)\.$/, '')
}
