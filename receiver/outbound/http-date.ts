/** The three forms of RFC 9110, section 5.6.7: today's, that of RFC 850, and that of C's asctime. */
const FORMS = [
  /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/,
  /^[A-Z][a-z]{5,8}, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/,
]

/**
 * A date of an HTTP header as Unix time in ms; null for anything else. `Date.parse` alone would take `-5` and `60.5`
 * for days long ago.
 */
export function httpDate(value: string | undefined): number | null {
  const text = value?.trim() ?? ''
  if (!FORMS.some((form) => form.test(text))) return null
  // The last form names no zone: HTTP's times are all GMT.
  const at = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`)
  return Number.isNaN(at) ? null : at
}
