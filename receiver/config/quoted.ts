import type { Problem } from '../../src/contract/problem.ts'

/** Whether a value stands in quotes that are part of it: a shell takes them away, `docker --env-file` and others do not. */
export const isQuoted = (text: string): boolean => /^(?:"[^"]*"|'[^']*')$/s.test(text)

/** The mistake in such a variable; its name comes before the message. */
export const QUOTED: Problem = {
  message: 'is in quotes, and they are part of its value here',
  fix: 'Write the value without quotes: `docker --env-file` passes them on, unlike a shell.',
}
