import type { Json, ModelEvent } from '../../src/contract/model-event.ts'
import { LONGEST_TEXT } from './pattern.ts'

/** Longest list that a condition looks at. */
export const LONGEST_LIST = 1_000

/** Stands in for a value that a condition cannot look at: every operation on it is an error that names its type. */
class TooLong {
  readonly length: number
  constructor(length: number) {
    this.length = length
  }
}
/** Stands in for a text over {@link LONGEST_TEXT}. */
export class LongText extends TooLong {}
/** Stands in for a list over {@link LONGEST_LIST}. */
export class LongList extends TooLong {}

/** The names of those types in CEL, as its errors show them. */
export const LONG_TEXT = `text_over_${LONGEST_TEXT}_characters`
/** See {@link LONG_TEXT}. */
export const LONG_LIST = `list_over_${LONGEST_LIST}_items`

type Value = null | boolean | number | string | Value[] | Map<string, Value> | LongText | LongList

/** An event as a condition sees it. */
export interface EventView {
  value: Value
  /** How much there is to look at, in KiB and at least 1: what one step over all of it costs. */
  weight: number
}

const views = new WeakMap<ModelEvent, EventView>()

/**
 * Returns the event as CEL values: objects are maps, so that no key of a payload is mistaken for something of
 * JavaScript's. `change.previous_version` is always null: it is known only after matching. The view of an event is made
 * once.
 */
export function viewOf(event: ModelEvent): EventView {
  const known = views.get(event)
  if (known !== undefined) return known
  let characters = 0
  // Equal long texts are one object, so that they compare as equal.
  const texts = new Map<string, LongText>()
  const longText = (text: string): LongText => {
    const known = texts.get(text) ?? new LongText(text.length)
    texts.set(text, known)
    return known
  }
  const convert = (value: Json): Value => {
    characters += typeof value === 'string' ? value.length : 8
    if (typeof value === 'string') return value.length > LONGEST_TEXT ? longText(value) : value
    if (Array.isArray(value))
      return value.length > LONGEST_LIST ? new LongList(value.length) : value.map(convert)
    if (value === null || typeof value !== 'object') return value
    return new Map(Object.entries(value).map(([key, item]) => [key, convert(item)]))
  }
  const change = { ...event.change, previous_version: null }
  const value = convert({ ...event, change } as unknown as Json)
  const view = { value, weight: Math.max(1, Math.ceil(characters / 1024)) }
  views.set(event, view)
  return view
}
