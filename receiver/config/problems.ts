import type { Problem } from '../../src/contract/problem.ts'
import type { ConfigProblem } from './config.ts'

/** A place in a configuration file: the keys and list indexes that lead to it. */
export type Path = readonly (string | number)[]

/** Something wrong at a place, before its line is known. */
export interface Fault extends Problem {
  path: Path
  /** The fault is the last key of the path itself, not its value. */
  at_key?: boolean
}

/** Returns a path as people write it: `automations[0].filter.alias`; `(file)` for the whole. */
export function keyOf(path: Path): string {
  if (path.length === 0) return '(file)'
  return path.reduce<string>((key, part) => {
    if (typeof part === 'number') return `${key}[${part}]`
    const name = /^[\w-]+$/.test(part) ? part : JSON.stringify(part.slice(0, 80))
    return key === '' ? name : `${key}.${name}`
  }, '')
}

/** How many problems of one file are shown: the person mends these first, and a log is not flooded. */
const MOST_SHOWN = 100

/** Returns the first problems of a file, and how many more there are. */
export function firstOf(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  const [first] = problems
  if (first === undefined || problems.length <= MOST_SHOWN) return problems
  const more = `${problems.length - MOST_SHOWN} more problems of this file are not shown`
  return [...problems.slice(0, MOST_SHOWN), problemOf(first.file, '(file)', more, 'Mend these first.')]
}

/** Returns a problem with no line: of a whole file, or of an environment variable. */
export function problemOf(file: string, key: string, message: string, fix: string): ConfigProblem {
  return { file, line: null, key, message, fix }
}
