import { isIP } from 'node:net'
import type { EnvironmentReader } from './reader.ts'

/** Returns the addresses and CIDRs that a variable lists by comma; the empty list when it is unset or refused. */
export function readCidrs(reader: EnvironmentReader, name: string): string[] {
  const given = listOf(reader, name)
  if (given.every(isCidr)) return given
  const fix = 'List addresses or CIDRs by comma, e.g. 10.0.0.0/8,192.168.1.7; never a number or `true`.'
  reader.refuse(name, 'is not a list of addresses and CIDRs', fix)
  return []
}

/** Returns what a variable lists by comma. */
export function listOf(reader: EnvironmentReader, name: string): string[] {
  const parts = (reader.text(name) ?? '').split(',').map((part) => part.trim())
  return parts.filter((part) => part !== '')
}

function isCidr(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}
