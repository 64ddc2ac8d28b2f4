let last_ms = NaN
let last_text = ''

/** Returns a time (Unix ms) in ISO 8601. Equal times that follow each other, as those of a step do, are written once. */
export function isoTime(ms: number): string {
  if (ms !== last_ms) {
    last_text = new Date(ms).toISOString()
    last_ms = ms
  }
  return last_text
}
