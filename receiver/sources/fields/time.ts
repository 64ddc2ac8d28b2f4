import type { Json } from '../../../src/contract/model-event.ts'

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:?\d\d)$/
/** Unix times in milliseconds are larger than this, in seconds smaller (until the year 5138). */
const SMALLEST_MS = 1e11

/** Returns a time as RFC 3339 in UTC with milliseconds: of RFC 3339 with a zone, Unix seconds or ms; else null. */
export function timeOf(value: Json | undefined): string | null {
  const number = typeof value === 'string' && /^\d{9,13}$/.test(value) ? Number(value) : value
  if (typeof number === 'number') return isoOf(number < SMALLEST_MS ? number * 1_000 : number)
  return typeof value === 'string' && RFC_3339.test(value) ? isoOf(Date.parse(value)) : null
}

/** Years of more than four digits are no RFC 3339. */
function isoOf(ms: number): string | null {
  return ms >= 0 && ms < 253_402_300_800_000 ? new Date(ms).toISOString() : null
}
