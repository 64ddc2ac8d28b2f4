/**
 * Returns whether a text can be sent as a token: visible ASCII, as every token of GitHub is. A header takes no line
 * break and nothing beyond Latin-1: a request with such a token would fail before it is sent.
 */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text)
}

/** The problem of a text that {@link isToken} refuses, without the value. */
export const NOT_A_TOKEN = {
  message: 'holds a space, a line break or another character that no token has',
  fix: 'Copy the token again, alone and on one line: no `Bearer`, no quotes, no second value.',
} as const
