/** The characters that `strict` allows, see {@link isSafe}, in ASCII: Unicode classes cost milliseconds and are seldom needed. */
const SAFE_ASCII = /^[A-Za-z0-9. _\-/:@+=]+$/
const UNSAFE_ASCII_CHARACTERS = /[^A-Za-z0-9. _\-/:@+=]+/g
const SAFE_URL = /^https:\/\/[A-Za-z0-9._~\-/:@+=%#]+$/
const ASCII = /^[ -~]*$/

/** Longest value that `strict` lets pass, in characters (UTF-16 code units). */
export const SAFE_LENGTH = 256

/**
 * Whether a workflow may branch on the value, or hand it to a shell, a template or a file name: letters, marks and
 * digits of any script, inner spaces and `. _ - / : @ + =`. Neither quotes, `$`, backslash and other characters that
 * a shell reads, nor control and bidi characters pass. The empty text does.
 */
export function isSafe(text: string): boolean {
  if (text === '') return true
  const allowed = SAFE_ASCII.test(text) || isSafeUnicode(text)
  return allowed && text.length <= SAFE_LENGTH && !text.startsWith('-') && text.trim() === text
}

/** Returns what is wrong with a value that {@link isSafe} refuses, and where, as the end of a sentence: "it …". */
export function flawOf(text: string): string {
  const characters = Array.from(text)
  const place = characters.findIndex((character) => !isSafe(`a${character}a`))
  const found = characters[place]
  if (found !== undefined) return `has ${characterName(found)} at character ${place + 1}`
  if (text.length > SAFE_LENGTH) return `has ${text.length} characters where ${SAFE_LENGTH} are allowed`
  return text.startsWith('-') ? 'begins with - (U+002D)' : 'begins or ends with a space (U+0020)'
}

/** A visible character itself and its code point; of others the code point alone. */
function characterName(character: string): string {
  const code = `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
  return /^[!-~]$/.test(character) ? `${character} (${code})` : code
}

/** The text with everything else than safe characters as one space: for sentences, which are never compared. */
export function safeText(text: string): string {
  const clean = ASCII.test(text) ? text.replace(UNSAFE_ASCII_CHARACTERS, ' ') : safeUnicode(text)
  return clean
    .replace(/ {2,}/g, ' ')
    .slice(0, SAFE_LENGTH)
    .toWellFormed()
    .replace(/^[ -]+| +$/g, '')
}

/** The URL if it is a plain https one, else the empty text: a link is a convenience, nothing depends on it. */
export function safeUrl(url: string): string {
  return url.length <= 2048 && SAFE_URL.test(url) && URL.canParse(url) ? url : ''
}

// Regular expressions with Unicode classes stand in functions of their own: they are parsed when first called.

function isSafeUnicode(text: string): boolean {
  return /^[\p{L}\p{M}\p{Nd}. _\-/:@+=]+$/u.test(text)
}

function safeUnicode(text: string): string {
  return text.replace(/[^\p{L}\p{M}\p{Nd}. _\-/:@+=]+/gu, ' ')
}
