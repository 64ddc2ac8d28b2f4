import { cleanText } from '../../src/contract/clean-json.ts'
import type { Json } from '../../src/contract/model-event.ts'

export { cleanText }

/**
 * Returns a copy with every key and string as clean text. Nothing is dropped; the keys of objects stay own properties.
 */
export function cleanTexts(value: Json): Json {
  if (typeof value === 'string') return cleanText(value)
  if (Array.isArray(value)) return value.map(cleanTexts)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [cleanText(key), cleanTexts(item)]))
}
