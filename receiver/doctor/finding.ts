import type { Problem } from '../../src/contract/problem.ts'

/** Something that a doctor found, with its fix. */
export interface Finding extends Problem {
  /** problem: something does not work. advice: it works, and will surprise somebody. */
  severity: 'problem' | 'advice'
  /** The object of the finding: a repository, a workflow file, a variable. */
  about: string
}

/** The longest sentence, in characters: more than that is somebody else's text. */
const MOST = 600

/** Returns what does not work. */
export function fault(about: string, message: string, fix: string): Finding {
  return { severity: 'problem', about: line(about), message: line(message), fix: line(fix) }
}

/** Returns what works and will surprise somebody. */
export function advice(about: string, message: string, fix: string): Finding {
  return { severity: 'advice', about: line(about), message: line(message), fix: line(fix) }
}

/** A sentence quotes what GitHub or a workflow file says: on one line, without what a terminal would act on. */
function line(text: string): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim()
  return clean.length > MOST ? `${clean.slice(0, MOST)}…` : clean
}
