import type { Problem } from '../../../src/contract/problem.ts'
import { cleanSecret } from '../../secrets/clean.ts'
import type { ConfigProblem } from '../config.ts'
import { secretOf, type ContentReader } from '../content.ts'
import { problemOf } from '../problems.ts'
import { isQuoted, QUOTED } from '../quoted.ts'

/** Reads single variables and collects what is wrong with them. */
export interface EnvironmentReader {
  /** Returns the value, or null when it is unset or empty. */
  text(name: string): string | null
  /** Returns the same, also from the file that `NAME_FILE` names. */
  secret(name: string): string | null
  /** Returns a whole number from 0 to `most`. */
  integer(name: string, otherwise: number, most: number): number
  /** Adds a problem and returns null; the message continues what the variable's name and a colon begin. */
  refuse(name: string, message: string, fix: string): null
  /** Adds a notice that does not stop the start; the message continues the sentence that the variable's name begins. */
  notice(name: string, message: string, fix: string): void
  /** All notices so far. */
  readonly notices: readonly EnvironmentNotice[]
}

/** A notice about a variable at the start, which does not stop it. */
export interface EnvironmentNotice extends Problem {
  variable: string
}

/** Returns a reader of `env` that adds what is wrong to `problems`, and reads files through `content`. */
export function createReader(
  env: Readonly<Record<string, string | undefined>>,
  problems: ConfigProblem[],
  content: ContentReader,
): EnvironmentReader {
  const text = (name: string): string | null => {
    const value = env[name]?.trim()
    if (value === undefined || value === '') return null
    return isQuoted(value) ? refuse(name, QUOTED.message, QUOTED.fix) : value
  }
  const refuse = (name: string, message: string, fix: string): null => {
    const problem = problemOf('environment', name, message, fix)
    const isKnown = problems.some((one) => one.key === name && one.message === message)
    if (!isKnown) problems.push(problem)
    return null
  }
  const notices: EnvironmentNotice[] = []
  const notice = (variable: string, message: string, fix: string): void => {
    notices.push({ variable, message: `${variable} ${message}`, fix })
  }
  const noticeCut = (name: string, cut: string | null): void => {
    if (cut !== null) notice(name, `was read without ${cut}`, 'Store it without, so that all programs agree.')
  }
  const secret = (name: string): string | null => {
    const path = text(`${name}_FILE`)
    if (path === null) {
      noticeCut(name, cleanSecret(env[name] ?? '').cut)
      return text(name)
    }
    if (text(name) !== null) return refuse(name, `is set, and so is ${name}_FILE`, 'Unset one of the two.')
    const file = secretOf(path, content.read(path))
    if ('text' in file) {
      noticeCut(`${name}_FILE`, file.cut)
      return file.text
    }
    return refuse(
      `${name}_FILE`,
      `cannot be used: ${file.reason}`,
      'Name a readable file that holds the secret.',
    )
  }
  const integer = (name: string, otherwise: number, most: number): number => {
    const value = text(name)
    if (value === null) return otherwise
    if (/^\d{1,9}$/.test(value) && Number(value) <= most) return Number(value)
    refuse(name, `is not a whole number from 0 to ${most}`, `Write digits only, e.g. ${otherwise}.`)
    return otherwise
  }
  return { text, secret, integer, refuse, notice, notices }
}
