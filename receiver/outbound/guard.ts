import { lookup as systemLookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Problem } from '../../src/contract/problem.ts'
import { parseNetworks, specialAddress, type Network, type Special } from './addresses.ts'
import { hostOf, isPublicName, namesHost, withoutBrackets, withoutDot } from './names.ts'
import { readProxies, type Proxies } from './proxies.ts'

/** The destinations that the operator allows beyond public https. */
export interface OutboundRules {
  /** OUTBOUND_ALLOW_CIDRS: addresses and CIDRs. */
  allow_cidrs: readonly string[]
  /** OUTBOUND_ALLOW_HTTP */
  allow_http: boolean
  /** OUTBOUND_ALLOW_HOSTS: names, or `*.` and a name. */
  allow_hosts: readonly string[]
}

/** Nothing beyond public https. */
export const PUBLIC_ONLY: OutboundRules = { allow_cidrs: [], allow_http: false, allow_hosts: [] }

/** Why a URL may not be sent to. Neither text holds more of the URL than its host. */
export type Refusal = Problem

/** An address of a name. */
export interface HostAddress {
  address: string
  family: 4 | 6
}

/**
 * Returns every address of a name, at least one.
 * @throws Error with a `code` of Node's DNS where there is none.
 */
export type Resolve = (name: string) => Promise<HostAddress[]>

/** Decides where requests to users' URLs may go. */
export interface Guard {
  /**
   * Returns what is wrong with a URL as far as its text shows, without asking any DNS; null when nothing is.
   */
  checkText(url: string): Refusal | null
  /**
   * Returns the verdict on a URL that a request would meet now: its text, and every address of its name. A name that
   * cannot be resolved at the moment is not refused: the request will say so.
   */
  checkUrl(url: string): Promise<Refusal | null>
  /**
   * Returns the addresses of a host that may be connected to.
   * @throws OutboundRefused where one of them may not; what `resolve` throws.
   */
  addressesOf(host: string): Promise<HostAddress[]>
  /** The URL of the forward proxy that a request to `url` takes, or null. */
  proxyFor(url: URL): string | null
}

/** Thrown where a connection would lead to an address that the guard refuses. */
export class OutboundRefused extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.message)
    this.name = 'OutboundRefused'
    this.refusal = refusal
  }
}

/** Asks the system's resolver, hosts file included. */
export const resolveBySystem: Resolve = async (name) => {
  const found = await systemLookup(name, { all: true, order: 'verbatim' })
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }))
}

/**
 * Makes the guard for these rules.
 * @param env where `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are looked up.
 */
export function createGuard(
  rules: OutboundRules,
  { resolve, env }: { resolve: Resolve; env: Readonly<Record<string, string | undefined>> },
): Guard {
  const opened = parseNetworks(rules.allow_cidrs)
  const context: Context = { rules, opened, proxies: readProxies(env) }
  const addressesOf = async (host: string): Promise<HostAddress[]> => {
    const family = isIP(host)
    const found =
      family === 0 ? await resolve(host) : [{ address: host, family: family === 6 ? 6 : 4 } as const]
    const name = withoutDot(host)
    for (const { address } of found) {
      const refusal = checkAddress(name, address, context)
      if (refusal !== null) throw new OutboundRefused(refusal)
    }
    return found
  }
  const guard: Guard = {
    checkText: (url) => checkText(url, context),
    async checkUrl(url) {
      const refusal = checkText(url, context)
      if (refusal !== null || guard.proxyFor(new URL(url)) !== null) return refusal
      try {
        await addressesOf(withoutBrackets(new URL(url).hostname))
        return null
      } catch (error) {
        return error instanceof OutboundRefused ? error.refusal : null
      }
    },
    addressesOf,
    proxyFor: (url) => context.proxies.proxyFor(url),
  }
  return guard
}

interface Context {
  rules: OutboundRules
  opened: readonly Network[]
  proxies: Proxies
}

function checkText(text: string, context: Context): Refusal | null {
  const refusal = checkSpelling(text)
  if (refusal !== null) return refusal
  const url = new URL(text)
  const host = hostOf(url)
  if (url.protocol === 'http:' && !context.rules.allow_http) return plainHttp(host)
  if (isIP(host) !== 0) return checkAddress(host, host, context)
  // Whatever a resolver says or does not say of it: RFC 6761, section 6.3.
  if (host === 'localhost' || host.endsWith('.localhost')) return checkAddress(host, '127.0.0.1', context)
  return context.proxies.proxyFor(url) === null ? null : checkName(host, context.rules)
}

/**
 * Refuses what another program could read differently, instead of repairing it: the URL standard takes `0x7f.1`, `1.1`, `１.1.1.1`,
 * `%31.1.1.1`, `https:\\host` and tabs within a name.
 */
function checkSpelling(text: string): Refusal | null {
  // eslint-disable-next-line no-control-regex -- those are what is looked for
  if (/[\u0000-\u0020\u007f-\u00a0\\]/.test(text))
    return odd('has a space, a backslash or a control character in it', 'Percent-encode it, or take it out.')
  if (!URL.canParse(text)) return odd('cannot be read as a URL', 'Write it as https://host/path.')
  const url = new URL(text)
  const authority = /^https?:\/\/([^/?#]*)/i.exec(text)?.[1]
  if (authority === undefined) return odd('does not begin with https://', 'Write it as https://host/path.')
  if (authority.includes('@') || url.username !== '' || url.password !== '')
    return odd('has a user name or password in it', 'Send credentials in a header, e.g. `authorization`.')
  const host = authority.toLowerCase().replace(/:\d*$/, '')
  const isAddress = isIP(hostOf(url)) !== 0
  if (host.includes('%') || (isAddress && isIP(withoutBrackets(host)) === 0))
    return odd(`has the host ${hostOf(url)} in an odd spelling`, 'Write the host plainly.')
  return null
}

function checkAddress(host: string, address: string, { rules, opened }: Context): Refusal | null {
  const special = specialAddress(address, opened)
  if (special === null || (special.opens_by_name && namesHost(rules.allow_hosts, host))) return null
  const message =
    host === address ? `${host} is ${special.what}` : `${host} leads to ${address}, ${special.what}`
  return { message, fix: fixOf(host, address, special) }
}

function fixOf(host: string, address: string, { opens_by_name }: Special): string {
  const network = `${address}/${isIP(address) === 6 ? 128 : 32}`
  const name = opens_by_name && host !== address ? `, or ${host} to OUTBOUND_ALLOW_HOSTS` : ''
  return `Use a public address. If this one is meant, the operator of the receiver can add ${network} to OUTBOUND_ALLOW_CIDRS${name}.`
}

/** Behind a forward proxy, which resolves names itself: the looks of a name are all there is. */
function checkName(host: string, { allow_hosts }: OutboundRules): Refusal | null {
  if (isPublicName(host) || namesHost(allow_hosts, host)) return null
  return {
    message: `${host} is a name inside a network`,
    fix: `Use a public name. If this one is meant, the operator of the receiver can add ${host} to OUTBOUND_ALLOW_HOSTS.`,
  }
}

const HTTP_FIX =
  'Write https://. If http is meant, the operator of the receiver can set OUTBOUND_ALLOW_HTTP=true.'
const OWN_FIX =
  'Write https:// and a public name. If the machine of the receiver itself is meant (in a container, that is the container), ' +
  'its operator can set OUTBOUND_ALLOW_HTTP=true and OUTBOUND_ALLOW_CIDRS=127.0.0.0/8,::1/128.'

function plainHttp(host: string): Refusal {
  return {
    message: `http:// would send to ${host} without encryption`,
    fix: /^(localhost$|127\.|::1$)/.test(host) ? OWN_FIX : HTTP_FIX,
  }
}

function odd(what: string, fix: string): Refusal {
  return { message: `the URL ${what}`, fix }
}
