/** Longest value shown in a reason, in characters; the rest is cut. */
const LONGEST = 80

/** The characters that need no escape: ASCII without control characters and quotes, as most values are. */
const PLAIN = /^[ !#-~]*$/

/** Returns a value of an event as a reason shows it: in quotes, control and bidi characters escaped, bounded. */
export function quoteValue(value: string): string {
  const shown = value.length > LONGEST ? `${value.slice(0, LONGEST - 1)}…` : value
  if (PLAIN.test(shown)) return `"${shown}"`
  const escaped = shown.toWellFormed().replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escapeCharacter)
  return `"${escaped.replaceAll('"', '\\"')}"`
}

/** Returns the same for text that is no value, such as a message of a library about an event. */
export function plainText(text: string, longest = 200): string {
  const shown = text.length > longest ? `${text.slice(0, longest - 1)}…` : text
  return shown.toWellFormed().replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escapeCharacter)
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`
}
