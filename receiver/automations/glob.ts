/**
 * Whether the whole text matches a glob: `*` stands for any characters (none too), `?` for exactly one; all else
 * is literal and case-sensitive. Takes at most text × pattern steps, whatever they hold.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  const wanted = Array.from(pattern)
  const given = Array.from(text)
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
      p = star + 1
      t = ++retry
    } else return false
  }
  while (wanted[p] === '*') p++
  return p === wanted.length
}
