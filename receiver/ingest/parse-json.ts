import { isUtf8 } from 'node:buffer'
import { cleanText } from '../../src/contract/clean-json.ts'
import type { Json } from '../../src/contract/model-event.ts'

/** The body cannot be read as an event. The message tells the sender why. */
export class NotAnEvent extends Error {}

/** Deepest nesting of objects and lists. */
export const DEPTH_LIMIT = 64

/**
 * Parses verified bytes into clean JSON: `__proto__` keys are dropped, U+0000 and lone surrogates become U+FFFD,
 * so that no later step can trip over them. Throws `NotAnEvent`.
 */
export function parseJson(body: Buffer, lists: boolean): Json {
  if (!isUtf8(body)) throw new NotAnEvent('The body is not UTF-8 text.')
  const text = body.toString('utf8')
  if (mayBeDeep(text) && depth(text) > DEPTH_LIMIT) {
    throw new NotAnEvent(`The body nests deeper than ${DEPTH_LIMIT} levels.`)
  }
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch (error) {
    const reason = error instanceof SyntaxError ? describe(error, text) : 'it cannot be parsed'
    throw new NotAnEvent(`The body is not JSON: ${reason}`)
  }
  const good = typeof value === 'object' && value !== null && (lists || !Array.isArray(value))
  if (!good) throw new NotAnEvent('The body must be a JSON object.')
  return needsCleaning(text) ? clean(value) : value
}

/** Returns where the parser stopped, without quoting the body: the answer may be shown to others. */
function describe(error: SyntaxError, text: string): string {
  if (text.trim() === '') return 'it is empty.'
  const at = /position (\d+)/.exec(error.message)?.[1]
  if (at === undefined) return 'it ends too early or has a stray character.'
  const before = text.slice(0, Number(at)).split('\n')
  return `unexpected character in line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}.`
}

/** Returns whether the text has as many brackets as a body that nests too deep: hardly any has, and they are soon counted. */
function mayBeDeep(text: string): boolean {
  let opened = 0
  for (const bracket of '{[') {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      if (++opened > DEPTH_LIMIT) return true
    }
  }
  return false
}

/** Returns the deepest nesting, told from the text alone, so that no parser ever recurses into it. */
function depth(text: string): number {
  let deepest = 0
  let level = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (quoted) {
      if (c === 92) i++
      else if (c === 34) quoted = false
    } else if (c === 34) quoted = true
    else if (c === 123 || c === 91) deepest = Math.max(deepest, ++level)
    else if (c === 125 || c === 93) level--
  }
  return deepest
}

/**
 * Returns whether the text may hold what is cleaned: U+0000 and surrogates can only come in as `\u` escapes, and so can
 * a hidden `__proto__`.
 */
const needsCleaning = (text: string) => text.includes('\\u') || text.includes('__proto__')

function clean(value: Json): Json {
  if (typeof value === 'string') return cleanText(value)
  if (Array.isArray(value)) return value.map(clean)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([key]) => key !== '__proto__')
  return Object.fromEntries(entries.map(([key, item]) => [cleanText(key), clean(item)]))
}
