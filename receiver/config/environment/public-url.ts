import { isApiUrl } from '../url.ts'
import type { EnvironmentReader } from './reader.ts'

/** The first parts of the receiver's own paths: a base path that begins so could not be told from them. */
const OWN_PATHS = ['webhooks', 'repos', 'api', 'healthz', 'readyz', 'metrics', 'assets']

/** Returns PUBLIC_URL without a slash at its end; null where it is unset or refused. */
export function readPublicUrl(reader: EnvironmentReader): string | null {
  const text = reader.text('PUBLIC_URL')
  if (text === null) return null
  if (!isApiUrl(text))
    return reader.refuse(
      'PUBLIC_URL',
      'is not an http or https URL',
      'Write it as https://dispatch.example.com.',
    )
  const path = basePathOf(text)
  if (!/^(\/[\w.~-]+)*$/.test(path))
    return reader.refuse(
      'PUBLIC_URL',
      'has a path that cannot be used',
      'Use letters, digits, . _ ~ and - in it.',
    )
  const [, first = ''] = path.split('/')
  if (OWN_PATHS.includes(first)) {
    const fix = `Write the address without what the receiver adds, or serve it under another path than /${first}.`
    return reader.refuse('PUBLIC_URL', `begins its path with /${first}, as paths of the receiver do`, fix)
  }
  return text.replace(/\/+$/, '')
}

/** Returns the path under which the receiver is served, without a slash at its end: "" at the top of its host. */
export function basePathOf(public_url: string | null): string {
  return public_url === null ? '' : new URL(public_url).pathname.replace(/\/+$/, '')
}
