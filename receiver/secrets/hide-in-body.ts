import { isUtf8 } from 'node:buffer'

/** Shorter ones would hit innocent text. */
const SHORTEST = 8
const MASK = '[secret]'

const BACKSLASH = 92
const QUOTE = 34

/**
 * Masks `secrets` in a verified body: a template may have rendered one into it, and what is stored, shown and sent on
 * must not hold it, however its JSON spells it (`\/`, `\u003c` and the like: RFC 8259 §7). Returns the same buffer
 * where there is nothing to hide. A body that is not JSON stays a body that is not JSON.
 */
export function hideSecrets(body: Buffer, secrets: readonly string[]): Buffer {
  const values = longestFirst(secrets)
  if (!mayHold(body, values)) return body
  // Decoding would make something else of it, and the parser refuses it anyway.
  if (!isUtf8(body)) return body
  const text = body.toString('utf8')
  const hidden = hide(text, values)
  return hidden === text ? body : Buffer.from(hidden)
}

/** The longest first: where one is part of another, nothing of that one is left. */
function longestFirst(secrets: readonly string[]): string[] {
  return secrets
    .filter((value) => value.length >= SHORTEST && value !== MASK)
    .sort((a, b) => b.length - a.length)
}

/** Asked for every request: next to nothing for a body without a backslash. */
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
  // Across quotes: a template that renders a value with a quote in it and does not escape it.
  return hideInTokens(mask(hidden, values), values)
}

/** Hides in each string, key and number by itself, so that the text stays JSON. */
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

/** What stands between strings. Its words are numbers, `true`, `false` and `null`. */
function hideInNumbers(text: string, values: readonly string[]): string {
  if (!holds(text, values)) return text
  return text.replace(/[^\s{}[\],:]+/g, (word) => (holds(word, values) ? `"${MASK}"` : word))
}

/** Behind the quote that closes the string whose first quote is at `open`, or the end of the text. */
function endOfString(text: string, open: number): number {
  let i = open + 1
  while (i < text.length && text.charCodeAt(i) !== QUOTE) i += text.charCodeAt(i) === BACKSLASH ? 2 : 1
  return Math.min(i + 1, text.length)
}

/** A string with its quotes. */
function hideInString(string: string, values: readonly string[]): string {
  const content = string.slice(1, -1)
  const plain = unescape(content)
  if (!holds(plain, values) && !holds(content, values)) return string
  const masked = mask(plain, values)
  const written = JSON.stringify(masked)
  // What is left beside a mask can make up a value together with it.
  return holds(masked, values) || holds(written, values) ? `"${MASK}"` : written
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])

/** The text with every escape as the character that it stands for. Never throws: the parser refuses wrong ones. */
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
