import { isObject } from '../../../src/contract/clean-json.ts'
import type { Json } from '../../../src/contract/model-event.ts'

/** A step of a path: a key of an object, a place in a list, or every element of a list. */
type Step = string | number | typeof EACH

const EACH = Symbol('each element')

/** Where a value stands in a JSON body. */
export interface Path {
  /** Whether the path starts at the whole body, also where a list of events is read element by element. */
  from_body: boolean
  /** The steps, up to the first list whose every element is meant. */
  steps: readonly Step[]
  /** The steps within each element; null where the path means one value. */
  each: readonly Step[] | null
}

const STEP = /\.?([^.[\]$"\s]+)|\[(\d{1,6})\]|\[(\*)\]|\["([^"]+)"\]/y

/**
 * Reads a path: `data.model`, `versions[0].name`, `labels[*]` (each element), `["a key.with dots"]`. `$` in front means
 * the whole body. Returns null for what is no path, and for a path with two `[*]`.
 */
export function parsePath(text: string): Path | null {
  const from_body = text.startsWith('$')
  const steps: Step[] = []
  STEP.lastIndex = from_body ? 1 : 0
  while (STEP.lastIndex < text.length) {
    const at = STEP.lastIndex
    const [whole = '', key, index, each, quoted] = STEP.exec(text) ?? []
    const dotted = whole.startsWith('.')
    // A key follows a dot, except at the start; STEP takes both.
    if (whole === '' || (key !== undefined && dotted !== at > 0)) return null
    steps.push(each === undefined ? (index === undefined ? (key ?? quoted ?? '') : Number(index)) : EACH)
  }
  if (steps.length === 0 && !from_body) return null
  const at = steps.indexOf(EACH)
  if (at < 0) return { from_body, steps, each: null }
  const each = steps.slice(at + 1)
  return each.includes(EACH) ? null : { from_body, steps: steps.slice(0, at), each }
}

/** Returns the value at some steps, or undefined. Only a value's own keys count. */
export function follow(value: Json | undefined, steps: readonly Step[]): Json | undefined {
  let at = value
  for (const step of steps) {
    if (typeof step === 'number') at = Array.isArray(at) ? at[step] : undefined
    else at = typeof step === 'string' && isObject(at) && Object.hasOwn(at, step) ? at[step] : undefined
  }
  return at
}
