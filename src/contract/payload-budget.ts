import { cleanText, isObject } from './clean-json.ts'
import type { Json, JsonObject } from './model-event.ts'

/**
 * Cuts a `client_payload` until GitHub takes it: what is least missed goes first, and every cut is named in
 * `model_event.truncated`, so that nobody takes a part for the whole.
 */

/** Room for `model_event.truncated` itself, by the measure of the budget. */
const TRUNCATED_SIZE = 2048
/** More cuts than this in one object are named as one, `….*`. */
const NAMED_CUTS = 10
/** Longer paths are named by their object alone. */
const PATH_SIZE = 100
/** Strings shorter than this are never cut: nothing would be won. */
const SHORTEST_CUT = 32
const ELLIPSIS = '…'

/** Text for people, largest first where several are there. */
const COMMENTS = [['model_event', 'change', 'comment'], ['comment'], ['text']]
const LISTS = [
  ['model_event', 'change', 'tags'],
  ['model_event', 'run'],
  ['model_event', 'parameters'],
]

/** How much may be sent, and how it is counted. */
export interface Budget {
  limit: number
  /** Returns what a value takes of the limit. Parts must add up to their whole, as they do in JSON. */
  size: (value: Json) => number
}

/** Returns how many UTF-8 bytes the value's JSON has. */
export function jsonBytes(value: Json): number {
  return Buffer.byteLength(JSON.stringify(value))
}

/** Returns a copy in which every text is valid Unicode without U+0000, and no key reaches a prototype. */
export function harmless(object: JsonObject): JsonObject {
  const entries = Object.entries(object).filter(([key]) => key !== '__proto__')
  return Object.fromEntries(entries.map(([key, value]) => [cleanText(key), harmlessValue(value)]))
}

function harmlessValue(value: Json): Json {
  if (typeof value === 'string') return cleanText(value)
  if (Array.isArray(value)) return value.map(harmlessValue)
  return isObject(value) ? harmless(value) : value
}

/** Characters of the value's JSON as part of a JSON text that is sent inside a JSON string: escapes count again. */
export function nestedJsonCharacters(value: Json): number {
  return JSON.stringify(JSON.stringify(value)).length - 2
}

/**
 * Returns the payload cut until it is within the budget; null if that cannot be done. `metadata`, `extra` and comments
 * are cut first, in this order, the largest entries before smaller ones. Only with `deep` are other long texts and
 * lists cut after that.
 */
export function fitPayload(payload: JsonObject, { limit, size }: Budget, deep: boolean): JsonObject | null {
  const whole = withTruncated(payload, [])
  if (size(whole) <= limit) return whole
  const draft = new Draft(whole, { limit: limit - TRUNCATED_SIZE, size })
  draft.dropLargest(['model_event', 'metadata'])
  draft.dropLargest(['model_event', 'extra'])
  draft.shortenLargest(COMMENTS)
  if (deep) cutDeep(draft)
  return draft.excess() > 0 ? null : withTruncated(draft.payload, namedCuts(draft.cuts, size))
}

/** Cuts first what is absurdly long, then long lists, and references to models only if that was not enough. */
function cutDeep(draft: Draft): void {
  for (const size of [8192, 4096, 2048, 1024]) draft.capTexts(size)
  for (const path of LISTS) draft.dropLargest(path)
  for (const size of [512, 256, 128]) draft.capTexts(size)
}

function withTruncated(payload: JsonObject, truncated: string[]): JsonObject {
  const { model_event } = payload
  return isObject(model_event) ? { ...payload, model_event: { ...model_event, truncated } } : payload
}

/** A payload on its way into the budget, with the paths of what was cut so far. */
class Draft {
  payload: JsonObject
  readonly cuts: string[][] = []
  readonly #budget: Budget

  constructor(payload: JsonObject, budget: Budget) {
    this.payload = payload
    this.#budget = budget
  }

  /** Returns how much is over the limit; 0 or less when the payload fits. */
  excess(): number {
    return this.#budget.size(this.payload) - this.#budget.limit
  }

  /** Drops whole entries of the object or list at `path`, the largest first, until the payload fits. */
  dropLargest(path: readonly string[]): void {
    const container = valueAt(this.payload, path)
    if (typeof container !== 'object' || container === null) return
    let excess = this.excess()
    const dropped = new Set<string>()
    for (const { key, size } of entriesBySize(container, this.#budget.size)) {
      if (excess <= 0) break
      excess -= size
      dropped.add(key)
      this.cuts.push([...path, key])
    }
    this.payload = replaceAt(this.payload, path, without(container, dropped))
  }

  /** Shortens the texts at `paths`, the largest first, by no more than what is needed. */
  shortenLargest(paths: readonly string[][]): void {
    const texts = paths
      .map((path) => ({ path, text: valueAt(this.payload, path) }))
      .filter((entry): entry is { path: string[]; text: string } => typeof entry.text === 'string')
      .sort((a, b) => this.#budget.size(b.text) - this.#budget.size(a.text))
    for (const { path, text } of texts) {
      const excess = this.excess()
      if (excess <= 0) return
      this.#shorten(path, text, this.#budget.size(text) - excess)
    }
  }

  /** Shortens every text that takes more than `most` to that, unless the payload fits already. */
  capTexts(most: number): void {
    if (this.excess() <= 0) return
    const long = textPaths(this.payload).filter(({ text }) => this.#budget.size(text) > most)
    for (const { path, text } of long) this.#shorten(path, text, most)
  }

  #shorten(path: readonly string[], text: string, limit: number): void {
    const { size } = this.#budget
    if (size(text) < SHORTEST_CUT) return
    this.payload = replaceAt(this.payload, path, shortened(text, { limit, size }))
    this.cuts.push([...path])
  }
}

/**
 * Returns the entries' keys, the largest entry first, with what each takes in JSON: its comma and in objects its key
 * too.
 */
function entriesBySize(
  container: Json[] | JsonObject,
  size: Budget['size'],
): { key: string; size: number }[] {
  const keySize = (key: string) => (Array.isArray(container) ? 0 : size(key) + 1)
  return Object.entries(container)
    .map(([key, value]) => ({ key, size: keySize(key) + size(value) + 1 }))
    .sort((a, b) => b.size - a.size)
}

/** Returns the longest beginning of the text that is within the budget with quotes and an ellipsis. */
function shortened(text: string, { limit, size }: Budget): string {
  let [fits, tooLong] = [0, text.length]
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1
    if (size(beginning(text, middle)) <= limit) fits = middle
    else tooLong = middle
  }
  return beginning(text, fits)
}

/** Returns the beginning of a text, never with half a surrogate pair. */
function beginning(text: string, length: number): string {
  return text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '') + ELLIPSIS
}

function textPaths(value: Json, path: string[] = []): { path: string[]; text: string }[] {
  if (typeof value === 'string') return [{ path, text: value }]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => textPaths(item, [...path, key]))
}

function valueAt(value: Json, path: readonly string[]): Json {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return null
  return valueAt(Object.entries(value).find(([name]) => name === key)?.[1] ?? null, rest)
}

function replaceAt<T extends Json>(value: T, path: readonly string[], replacement: Json): T {
  const [key, ...rest] = path
  if (key === undefined) return replacement as T
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value as JsonObject).map(
    ([name, item]) => [name, name === key ? replaceAt(item, rest, replacement) : item] as const,
  )
  return (Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries)) as T
}

function without(container: Json[] | JsonObject, keys: ReadonlySet<string>): Json {
  const kept = Object.entries(container).filter(([key]) => !keys.has(key))
  return Array.isArray(container) ? kept.map(([, item]) => item) : Object.fromEntries(kept)
}

/** Returns the cuts as paths from the payload's top, in at most {@link TRUNCATED_SIZE}. */
function namedCuts(cuts: readonly string[][], size: Budget['size']): string[] {
  const groups = new Map<string, Set<string>>()
  for (const path of cuts) {
    const group = path.length > 1 ? path.slice(0, path[0] === 'model_event' ? 2 : 1).join('.') : ''
    groups.set(group, (groups.get(group) ?? new Set()).add(path.join('.')))
  }
  const names = [...groups].flatMap(([group, paths]) =>
    paths.size > NAMED_CUTS || [...paths].some((path) => size(path) > PATH_SIZE)
      ? [group === '' ? '*' : `${group}.*`]
      : [...paths],
  )
  let room = TRUNCATED_SIZE
  return names.filter((name) => (room -= size(name) + 1) > 0)
}
