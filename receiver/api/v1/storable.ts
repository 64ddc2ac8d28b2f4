/**
 * Returns whether text can stand in the store at all: without U+0000 and halves of characters. PostgreSQL refuses a
 * query that asks for such text, where SQLite just finds nothing; so neither is asked.
 */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}
