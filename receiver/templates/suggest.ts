import { nearestWord } from '../../src/contract/nearest-word.ts'

/** Returns what to do about an unknown word: a suggestion where one is near, else the list of what is known. */
export function suggestWord(word: string, known: Iterable<string>): string {
  const words = [...known]
  const near = nearestWord(word, words)
  if (near !== null) return `Did you mean \`${near}\`?`
  return words.length === 0 ? '' : `Known here: ${words.join(', ')}.`
}
