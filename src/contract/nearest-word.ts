/** The most edits between two words for one to be taken for a typing mistake of the other. */
const MOST_EDITS = 3

/**
 * Returns the known word that `word` was probably meant to be, or null. Case doesn't count; words of more than 100
 * characters are not compared.
 */
export function nearestWord(word: string, known: Iterable<string>): string | null {
  if (word.length > 100) return null
  const most = Math.min(MOST_EDITS, Math.max(1, Math.floor(word.length / 3)))
  let best: { word: string; edits: number } | null = null
  for (const candidate of known) {
    const edits = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (edits <= most && (best === null || edits < best.edits)) best = { word: candidate, edits }
  }
  return best?.word ?? null
}

/**
 * Returns the least number of inserted, deleted, replaced or swapped neighbouring characters (optimal string
 * alignment).
 */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
          ? (beforeLast[j - 2] ?? 0) + 1
          : Infinity
      row.push(Math.min(replaced, swapped, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1))
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}
