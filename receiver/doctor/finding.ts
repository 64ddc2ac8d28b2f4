import type { Problem } from '../../src/contract/problem.ts'

/** Something that a doctor found, with its fix. */
export interface Finding extends Problem {
  /** problem: something does not work. advice: it works, and will surprise somebody. */
  severity: 'problem' | 'advice'
  /** What it is about: a repository, a workflow file, a variable. */
  about: string
}

/** Returns what does not work. */
export function fault(about: string, message: string, fix: string): Finding {
  return { severity: 'problem', about, message, fix }
}

/** Returns what works and will surprise somebody. */
export function advice(about: string, message: string, fix: string): Finding {
  return { severity: 'advice', about, message, fix }
}
