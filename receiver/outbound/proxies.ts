import { hostOf } from './names.ts'

/** Which forward proxy a URL goes through. */
export interface Proxies {
  /** The URL of the proxy for a request to `url`; null where it goes straight to its target. */
  proxyFor(url: URL): string | null
}

type Env = Readonly<Record<string, string | undefined>>

interface Exception {
  name: string
  /** 0: any port. */
  port: number
  /** `*.example.com`: names below it, not itself. */
  below_only: boolean
}

/**
 * Reads `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` as undici's `EnvHttpProxyAgent` does, which the connections to GitHub
 * use: small letters win, https falls back to the proxy of http. The guard must know the way before it connects.
 */
export function readProxies(env: Env): Proxies {
  const either = (name: string) => env[name.toLowerCase()] ?? env[name]
  const http = either('HTTP_PROXY') || null
  const https = either('HTTPS_PROXY') || http
  const exceptions = (either('NO_PROXY') ?? '')
    .split(/[,\s]/)
    .filter((entry) => entry !== '')
    .map(readException)
  return {
    proxyFor(url) {
      const proxy = url.protocol === 'https:' ? https : http
      return exceptions.some((exception) => holds(exception, url)) ? null : proxy
    },
  }
}

/** `example.com`, `.example.com`, `*.example.com`, `example.com:8080`, `[::1]:443`, `::1`, `*`. */
function readException(entry: string): Exception {
  const bracketed = /^\[(.+)\](?::(\d+))?$/.exec(entry)
  const plain = bracketed ?? /^([^:]+):(\d+)$/.exec(entry)
  const written = (plain?.[1] ?? entry).toLowerCase()
  return {
    name: written === '*' ? '*' : written.replace(/^\*?\./, '').replace(/(?<=.)\.$/, ''),
    port: Number(plain?.[2] ?? 0),
    below_only: written.startsWith('*.'),
  }
}

function holds({ name, port, below_only }: Exception, url: URL): boolean {
  const standard = url.protocol === 'https:' ? 443 : 80
  if (port !== 0 && port !== (Number(url.port) || standard)) return false
  const host = hostOf(url)
  return name === '*' || (!below_only && host === name) || host.endsWith(`.${name}`)
}
