/** Something that an event says twice and differently, in the words of its registry. The texts are unchecked. */
export interface Disagreement {
  word: string
  says: string
  other_word: string
  other_says: string
}
