/**
 * Whether a text can be sent as a token: visible ASCII, as in every token of GitHub. A header takes no line break and
 * nothing beyond Latin-1, and a request that holds such a one fails before it leaves.
 */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text)
}

/** What is wrong where {@link isToken} says no, and what to do; without the value. */
export const NOT_A_TOKEN = {
  message: 'holds a space, a line break or another character that no token has',
  fix: 'Copy the token again, alone and on one line: no `Bearer`, no quotes, no second value.',
} as const
