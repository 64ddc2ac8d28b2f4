const DURATION_UNITS = new Map([
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])
const SIZE_UNITS = new Map([
  ['B', 1],
  ['KiB', 1_024],
  ['MiB', 1_048_576],
])
/** Ten years: more is a typing mistake, and would not fit into a timer or a date later. */
const LONGEST_MS = 3_653 * 86_400_000

/** How a duration is written, for the schema. */
export const DURATION = /^[1-9][0-9]{0,8}[smhd]$/
/** How a size is written, for the schema. */
export const SIZE = /^[1-9][0-9]{0,8}(B|KiB|MiB)$/

/** Returns `45s`, `10m`, `72h` or `30d` in milliseconds; null for anything else and for more than ten years. */
export function parseDuration(text: string): number | null {
  if (!DURATION.test(text)) return null
  const ms = Number(text.slice(0, -1)) * (DURATION_UNITS.get(text.slice(-1)) ?? NaN)
  return ms <= LONGEST_MS ? ms : null
}

/** Returns `1MiB`, `512KiB` or `100B` in bytes; null for anything else. */
export function parseSize(text: string): number | null {
  if (!SIZE.test(text)) return null
  const [number = '', unit = ''] = text.split(/(?<=\d)(?=[A-Z])/)
  return Number(number) * (SIZE_UNITS.get(unit) ?? NaN)
}
