/** Whether the text fits the glob as a whole: `*` is any text, `?` one character, the rest exact. Linear in practice. */
export function matchesGlob(glob: string, text: string): boolean {
  const pattern = Array.from(glob)
  const characters = Array.from(text)
  let [p, t] = [0, 0]
  let star = -1
  let retry = 0
  while (t < characters.length) {
    if (pattern[p] === '*') {
      star = p
      p += 1
      retry = t
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === characters[t])) {
      p += 1
      t += 1
    } else if (star >= 0) {
      // Only the last star ever needs to take more, so this cannot blow up.
      p = star + 1
      retry += 1
      t = retry
    } else {
      return false
    }
  }
  return pattern.slice(p).every((character) => character === '*')
}

/** Whether one of the texts fits one of the globs. */
export function matchesAny(globs: readonly string[], texts: readonly string[]): boolean {
  return globs.some((glob) => texts.some((text) => matchesGlob(glob, text)))
}
