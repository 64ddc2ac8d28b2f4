/**
 * Makes what a registry sent safe to keep and to pass on: absent values vanish, text is valid Unicode without
 * U+0000, nothing nests too deep, and no key can reach a prototype.
 */
import type { Json, JsonObject } from './model-event.ts'

/** Deeper values are dropped. The receiver refuses such bodies; the Action meets them unchecked. */
const DEPTH_LIMIT = 64

const UNRENDERED = /^\$\{[^}]+\}$/
const EVENT_NAME = /^[\p{L}\p{N}._:-]{1,100}$/u

/** Returns whether the text says nothing: empty, or a template variable that was not filled in (`${alias}`). */
export function isAbsent(text: string): boolean {
  return text === '' || (text.startsWith('${') && UNRENDERED.test(text))
}

/** Returns the text with U+FFFD for U+0000 and lone surrogates: replaced, so that it equals no other clean text. */
export function cleanText(text: string): string {
  return text.isWellFormed() && !text.includes('\0') ? text : text.toWellFormed().replaceAll('\0', '\uFFFD')
}

/** Returns the value as clean text if it is a present text or a number, else null. */
export function textOf(value: Json | undefined): string | null {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  return typeof value === 'string' && !isAbsent(value) ? cleanText(value) : null
}

const INVISIBLE_ENDS = /^[\s\p{Cc}\p{Cf}]+|[\s\p{Cc}\p{Cf}]+$/gu

/** Returns the text without blanks, line breaks and invisible characters at its ends: nobody means them in a name. */
export function trimInvisible(text: string): string {
  if (isVisible(text.charCodeAt(0)) && isVisible(text.charCodeAt(text.length - 1))) return text
  return text.replace(INVISIBLE_ENDS, '')
}

/** Returns whether a UTF-16 code unit is a visible character of ASCII. */
const isVisible = (code: number) => code > 0x20 && code < 0x7f

/** Returns the trimmed text if it can be the name of an event (letters, digits, `. _ : -`, at most 100), else null. */
export function eventName(text: string | null): string | null {
  const name = text?.trim() ?? ''
  return EVENT_NAME.test(name) ? name : null
}

/** Returns whether the value is a JSON object: neither null nor a list. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Returns the value where it is a JSON object, else an empty one: the way into a body that may be anything. */
export function objectOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {}
}

/**
 * Returns a clean copy of the value, undefined where it is absent. Absent keys are dropped, absent list items are null.
 */
export function cleanJson(value: Json, depth = DEPTH_LIMIT): Json | undefined {
  if (typeof value === 'string') return isAbsent(value) ? undefined : cleanText(value)
  // JSON.parse reads 1e999 as Infinity and -0 as -0; neither survives JSON.stringify.
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : undefined
  if (typeof value === 'boolean') return value
  if (value === null || depth <= 0) return undefined
  if (Array.isArray(value)) return value.map((item) => cleanJson(item, depth - 1) ?? null)
  return cleanObject(Object.entries(value), depth)
}

/** Returns a clean object of the entries; the first of two equal keys wins. */
export function cleanObject(entries: readonly (readonly [string, Json])[], depth = DEPTH_LIMIT): JsonObject {
  const clean: JsonObject = {}
  for (const [name, value] of entries) {
    const key = cleanText(name)
    // The one key that would not become a property of its own.
    if (key === '__proto__' || Object.hasOwn(clean, key)) continue
    const kept = cleanJson(value, depth - 1)
    if (kept !== undefined) clean[key] = kept
  }
  return clean
}
