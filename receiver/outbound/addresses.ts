import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** A network that an operator has opened: `10.0.0.0/8`, `fd12::/16`, or one address. */
export type Network = readonly [Address, number]

/** The kind of an address, where it is not a public one that anybody may be sent to. */
export interface Special {
  /** For a sentence: `a private address`. */
  what: string
  /** Whether naming the host in OUTBOUND_ALLOW_HOSTS is enough to reach it. */
  opens_by_name: boolean
}

/**
 * Where clouds keep their metadata and credentials. Each must be opened by itself: somebody who opens 100.64.0.0/10
 * for a VPN does not mean the credentials of the machine.
 */
const METADATA: readonly Address[] = [
  '169.254.169.254', // AWS, Google Cloud, Azure, Oracle, DigitalOcean, OpenStack
  '169.254.169.253', // AWS: DNS
  '169.254.170.2', // AWS ECS: credentials of tasks
  '169.254.170.23', // AWS EKS: credentials of pods
  '100.100.100.200', // Alibaba Cloud
  '168.63.129.16', // Azure: the host, on an address that looks public
  '192.0.0.192', // Oracle Cloud
  'fd00:ec2::254', // AWS
  'fd00:ec2::23', // AWS EKS
  'fd00:42::42', // Scaleway
  'fd20:ce::254', // Google Cloud
].map((text) => ipaddr.parse(text))

/** The words for ipaddr.js's ranges; a range that is not here is refused as reserved. */
const WORDS: Readonly<Record<string, string>> = {
  unspecified: 'an unspecified address (this machine)',
  loopback: 'a loopback address (this machine)',
  private: 'a private address',
  uniqueLocal: 'a private address (unique local)',
  carrierGradeNat: 'a shared address (carrier-grade NAT)',
  linkLocal: 'a link-local address',
  multicast: 'a multicast address',
  broadcast: 'a broadcast address',
  ipv4Mapped: 'an IPv4 address in IPv6 form',
  rfc6145: 'an IPv4 address in IPv6 form',
  rfc6052: 'an IPv4 address behind NAT64',
  '6to4': 'an IPv4 address behind 6to4',
  teredo: 'an IPv4 address behind Teredo',
}

const BY_NAME: readonly string[] = ['loopback', 'private', 'uniqueLocal', 'carrierGradeNat']

/** IPv6 addresses are handed out of this block only (RFC 4291, section 2.4; IANA). */
const GLOBAL_UNICAST: Network = ipaddr.parseCIDR('2000::/3')

/**
 * Reads networks from an operator's list.
 * @throws Error where an item is neither an address nor a CIDR.
 */
export function parseNetworks(items: readonly string[]): Network[] {
  return items.map((item) => {
    if (item.includes('/')) return ipaddr.parseCIDR(item)
    const address = ipaddr.parse(item)
    return [address, bitsOf(address)]
  })
}

/**
 * Returns what keeps an address from being connected to; null for a public one and for one that `opened` holds.
 * An IPv4 address inside an IPv6 one (mapped, NAT64, 6to4, Teredo, ISATAP) needs both opened, unless it is public.
 */
export function specialAddress(text: string, opened: readonly Network[]): Special | null {
  if (!ipaddr.isValid(text)) return { what: 'not an address that can be read', opens_by_name: false }
  return judge(ipaddr.parse(text), opened)
}

function judge(address: Address, opened: readonly Network[]): Special | null {
  const inside = address.kind() === 'ipv6' ? embedded(address as ipaddr.IPv6) : null
  const problem = inside === null ? null : judge(inside, opened)
  if (problem !== null) return { ...problem, opens_by_name: false }
  if (METADATA.some((metadata) => equal(metadata, address))) {
    const named = opened.some(([network, bits]) => bits === bitsOf(address) && equal(network, address))
    return named ? null : { what: "an address of the cloud's metadata service", opens_by_name: false }
  }
  const range = rangeOf(address)
  if (range === 'unicast' || opened.some((network) => contains(network, address))) return null
  return { what: WORDS[range] ?? 'a reserved address', opens_by_name: BY_NAME.includes(range) }
}

function rangeOf(address: Address): string {
  const range: string = address.range()
  if (range !== 'unicast' || address.kind() === 'ipv4') return range
  return contains(GLOBAL_UNICAST, address) && !isIsatap(address as ipaddr.IPv6) ? range : 'reserved'
}

/** The IPv4 address that a router would take out of an IPv6 one, or null. */
function embedded(address: ipaddr.IPv6): ipaddr.IPv4 | null {
  const bytes = address.toByteArray()
  const at = (offset: number) => new ipaddr.IPv4(bytes.slice(offset, offset + 4))
  switch (address.range() as string) {
    case 'ipv4Mapped':
    case 'rfc6145':
    case 'rfc6052':
      return at(12)
    case '6to4':
      return at(2)
    case 'teredo':
      return new ipaddr.IPv4(bytes.slice(12).map((byte) => byte ^ 0xff))
    default:
      return isIsatap(address) || isCompatible(address) ? at(12) : null
  }
}

/** ISATAP's interface identifiers, RFC 5214, section 6.1. */
function isIsatap({ parts }: ipaddr.IPv6): boolean {
  return ((parts[4] ?? 0) & 0xfcff) === 0 && parts[5] === 0x5efe
}

/** IPv4-compatible addresses, `::a.b.c.d`: RFC 4291, section 2.5.5.1. */
function isCompatible({ parts }: ipaddr.IPv6): boolean {
  return parts.slice(0, 6).every((part) => part === 0) && parts[6] !== 0
}

function contains([network, bits]: Network, address: Address): boolean {
  return network.kind() === address.kind() && address.match([network, bits])
}

function equal(one: Address, other: Address): boolean {
  return one.kind() === other.kind() && one.toByteArray().join() === other.toByteArray().join()
}

function bitsOf(address: Address): number {
  return address.kind() === 'ipv4' ? 32 : 128
}
