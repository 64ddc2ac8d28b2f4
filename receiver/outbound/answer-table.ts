import type { AttemptClass, Meaning } from '../policy/attempt.ts'
import type { Answer } from './answer.ts'

/** A kind of answer of a server, and its meaning for the delivery. `C` is what else the words depend on. */
export interface AnswerRow<C> {
  /** Names the row in tests and documentation. */
  id: string
  class: AttemptClass
  applies(answer: Answer, context: C): boolean
  /** A sentence for a person; empty on success. */
  message(answer: Answer, context: C): string
  /** The advice; empty where nothing can be done. */
  fix(answer: Answer, context: C): string
  /** The wait that the answer asks for, in ms, or null. Default: none. */
  wait?(answer: Answer, context: C): number | null
}

/**
 * Returns what an answer means by the first row that applies. The last row of a table must apply to everything.
 * @throws Error when no row applies.
 */
export function readAnswerBy<C>(
  rows: readonly AnswerRow<C>[],
  answer: Answer,
  context: C,
): Meaning & { row: string } {
  const row = rows.find((candidate) => candidate.applies(answer, context))
  if (row === undefined) throw new Error('The last row of a table of answers applies to everything.')
  return {
    row: row.id,
    class: row.class,
    message: row.message(answer, context),
    fix: row.fix(answer, context),
    retry_after_ms: row.wait?.(answer, context) ?? null,
  }
}
