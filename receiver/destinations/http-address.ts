import { createHash } from 'node:crypto'
import type { Problem } from '../../src/contract/problem.ts'
import { NAMED_SECRET, REFERENCE } from '../secrets/settings.ts'
import { RenderError } from './destination.ts'
import { MASK, namesOfSecrets, type HttpValues } from './http-values.ts'

/** The setting that says where requests go, as it is written: with references, named secrets and words. */
export interface HttpAddress {
  /** The name of the setting. */
  key: string
  text: string
}

/** A word of the event. References and named secrets are none. */
const WORD = /(?<!\$)\$\{(?!(?:env|file):|[A-Z][A-Z0-9_]*\})/

/**
 * Returns what is wrong with an address however it is filled: an event must not choose the host.
 * @param check judges an address without words; references are resolved there.
 */
export function addressProblem(text: string, check: (text: string) => Problem | null): Problem | null {
  const word = text.search(WORD)
  const fixed = word === -1 ? text : text.slice(0, word)
  // A part that can be a host ends with a slash, unless a reference is the address as a whole.
  if (word !== -1 && !/^(https?:\/\/[^/?#]+\/|\$\{[^}]+\})/i.test(fixed)) {
    return {
      message:
        'the host cannot come from an event: an event could steer the request, and what it carries, to anybody',
      fix: 'Write the scheme and the host out, e.g. https://api.example.com/models/${artifact_collection_name}.',
    }
  }
  // A named secret is known when it is sent.
  return namesOfSecrets(fixed).length > 0 ? null : check(fixed)
}

/** Returns the address of one request. @throws RenderError, SecretUnavailable */
export function fillAddress({ key, text }: HttpAddress, values: HttpValues): string {
  const url = values.text(text, { path: key, encode: encodeURIComponent })
  const path = url.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '')
  if (!path.split('/').some((part) => /^(\.|%2e){1,2}$/i.test(part))) return url
  throw new RenderError(
    `\`${key}\` would get a part that is "." or "..", which leads to another address.`,
    'Only send events whose value is a plain name (use a filter or `if`).',
  )
}

/**
 * Returns an address for lists, logs and attempts: host and path, no query, a mask for what a reference stands for.
 * @param url the filled address; null where a secret has no value now.
 * @param shown how much of the path of an address may be seen that is a secret as a whole.
 */
export function shownAddress(
  { text }: HttpAddress,
  url: string | null,
  shown: (url: URL) => string = () => `/${MASK}`,
): string {
  const isWhole = !/^https?:\/\/[^/?#$]+/i.test(text)
  if (url === null || !URL.canParse(url)) return hidden(text)
  const { origin, pathname } = new URL(url)
  if (isWhole) return `${origin}${shown(new URL(url))}`
  return hidden(text) === text ? `${origin}${pathname}` : hidden(text).replace(/[?#].*$/s, '')
}

/** Returns a name for the one server and path behind an address that tells nothing of a secret in it. */
export function addressKey({ text }: HttpAddress, url: string | null): string {
  const host = url !== null && URL.canParse(url) ? new URL(url).host : 'unknown'
  return `${host}/${createHash('sha256')
    .update(url ?? text)
    .digest('hex')
    .slice(0, 16)}`
}

function hidden(text: string): string {
  return text.replace(REFERENCE, MASK).replace(NAMED_SECRET, MASK)
}
