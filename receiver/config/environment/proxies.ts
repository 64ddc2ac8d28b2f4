import type { EnvironmentReader } from './reader.ts'

/** The names by which undici's `EnvHttpProxyAgent` looks for proxies. */
const PROXY_VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'] as const
const PROTOCOLS = ['http:', 'https:', 'socks5:', 'socks:']

/**
 * Refuses a proxy that cannot be used: the agent that reads the variables itself would throw with the value in its
 * message, password included, or fail at every request.
 */
export function checkProxies(reader: EnvironmentReader): void {
  for (const name of PROXY_VARIABLES) {
    const text = reader.text(name)
    if (text === null || isProxy(text)) continue
    const fix =
      'Write it as http://proxy.example.com:3128, or http://user:password@… with special characters of the password ' +
      'percent-encoded (@ is %40, a space %20); or unset it.'
    reader.refuse(name, 'is not the URL of a proxy', fix)
  }
}

function isProxy(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password } = new URL(text)
  return PROTOCOLS.includes(protocol) && hostname !== '' && isDecodable(username) && isDecodable(password)
}

/** Returns whether every % of a part of a URL stands for a byte. */
export function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
