import { isUtf8 } from 'node:buffer'

/** Shorter ones would hit innocent text. */
const SHORTEST = 8
const MASK = '[secret]'

const BACKSLASH = 92
const QUOTE = 34

/**
 * Masks `secrets` in a verified body: a template may have rendered one into it, and what is stored, shown and sent on
 * must not hold it, however its JSON spells it (`\/`, `\u003c` and the like: RFC 8259 §7). Returns the same buffer
 * where there is nothing to hide. A body that is not JSON stays one that the parser refuses.
 */
export function hideSecrets(body: Buffer, secrets: readonly string[]): Buffer {
  const values = longestFirst(secrets)
  if (!mayHold(body, values)) return body
  // Decoding would change a body that is not UTF-8, and the parser refuses it anyway.
  if (!isUtf8(body)) return body
  const text = body.toString('utf8')
  const hidden = hide(text, values)
  return hidden === text ? body : Buffer.from(hidden)
}

/** Returns the secrets to mask, longest first: where one is part of another, nothing of the longer one is left. */
function longestFirst(secrets: readonly string[]): string[] {
  return secrets
    .filter((value) => value.length >= SHORTEST && value !== MASK)
    .sort((a, b) => b.length - a.length)
}

/** Returns whether a body can hold a secret. Runs for every request, and costs next to nothing without a backslash. */
function mayHold(body: Buffer, values: readonly string[]): boolean {
  if (values.some((value) => body.includes(value))) return true
  return values.length > 0 && body.includes(BACKSLASH) && holds(unescape(body.toString('utf8')), values)
}

const holds = (text: string, values: readonly string[]) => values.some((value) => text.includes(value))

const mask = (text: string, values: readonly string[]) =>
  values.reduce((masked, value) => masked.replaceAll(value, MASK), text)

function hide(text: string, values: readonly string[]): string {
  const hidden = hideInTokens(text, values)
  if (!holds(hidden, values)) return hidden
  // A secret that contains a quote, rendered by a template without escaping, spans several strings.
  return hideInTokens(mask(hidden, values), values)
}

/** Masks secrets in each string, key and number by itself, so that the text stays JSON. */
function hideInTokens(text: string, values: readonly string[]): string {
  let hidden = ''
  for (let at = 0; at < text.length;) {
    const quote = text.indexOf('"', at)
    const open = quote === -1 ? text.length : quote
    hidden += hideInNumbers(text.slice(at, open), values)
    at = endOfString(text, open)
    hidden += hideInString(text.slice(open, at), values)
  }
  return hidden
}

/** Masks secrets in the text between two strings, whose words are numbers, `true`, `false` and `null`. */
function hideInNumbers(text: string, values: readonly string[]): string {
  if (!holds(text, values)) return text
  return text.replace(/[^\s{}[\],:]+/g, (word) => (holds(word, values) ? `"${MASK}"` : word))
}

/** Returns the index after the quote that closes the string opened at `open`, or the end of the text. */
function endOfString(text: string, open: number): number {
  let i = open + 1
  while (i < text.length && text.charCodeAt(i) !== QUOTE) i += text.charCodeAt(i) === BACKSLASH ? 2 : 1
  return Math.min(i + 1, text.length)
}

/** Masks secrets in a string, given with its quotes. */
function hideInString(string: string, values: readonly string[]): string {
  const content = string.slice(1, -1)
  const plain = unescape(content)
  if (!holds(plain, values) && !holds(content, values)) return string
  const masked = mask(plain, values)
  const written = JSON.stringify(masked)
  // The rest beside a mask can form a secret together with it.
  return holds(masked, values) || holds(written, values) ? `"${MASK}"` : written
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])

/** Returns the text with every escape replaced by its character. Never throws: the parser refuses wrong escapes. */
function unescape(text: string): string {
  let plain = ''
  let from = 0
  for (let at = text.indexOf('\\'); at !== -1; at = text.indexOf('\\', from)) {
    plain += text.slice(from, at)
    const letter = text.charAt(at + 1)
    const code = letter === 'u' ? /^[0-9a-f]{4}/i.exec(text.slice(at + 2, at + 6))?.[0] : undefined
    plain += code === undefined ? (ESCAPES.get(letter) ?? letter) : String.fromCharCode(parseInt(code, 16))
    from = at + (code === undefined ? 2 : 6)
  }
  return plain + text.slice(from)
}
