const SPECIAL = /[*?]/
const SURROGATE = /[\uD800-\uDFFF]/

/**
 * Returns whether the whole text fits the glob: `*` stands for any characters (none too), `?` for exactly one; all
 * else is literal and case-sensitive. Takes at most glob × text steps, whatever they hold.
 */
export function matchesGlob(glob: string, text: string): boolean {
  if (!SPECIAL.test(glob)) return glob === text
  // `?` stands for a whole character: where there are surrogate pairs, code units are not enough.
  const [wanted, given] =
    SURROGATE.test(glob) || SURROGATE.test(text) ? [Array.from(glob), Array.from(text)] : [glob, text]
  let p = 0
  let star = -1
  let retry = 0
  for (let t = 0; t < given.length;) {
    if (wanted[p] === '*') {
      star = p++
      retry = t
    } else if (wanted[p] === '?' || (p < wanted.length && wanted[p] === given[t])) {
      p++
      t++
    } else if (star >= 0) {
      // Only the last star ever needs to take more, so this cannot blow up.
      p = star + 1
      t = ++retry
    } else return false
  }
  while (wanted[p] === '*') p++
  return p === wanted.length
}

/** Returns whether one of the texts fits one of the globs. */
export function matchesAny(globs: readonly string[], texts: readonly string[]): boolean {
  return globs.some((glob) => texts.some((text) => matchesGlob(glob, text)))
}
