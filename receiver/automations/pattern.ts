import type { Problem } from '../../src/contract/problem.ts'
import { createRequire } from 'node:module'
import type * as Re2 from 're2js'
import { reasonOf } from '../observe/reason-of.ts'

/** Longest text a pattern is tried on, in characters: names of aliases and tags are far shorter. */
export const LONGEST_TEXT = 16_384
/** Longest pattern, in characters. */
const LONGEST_PATTERN = 1_000
/** The most instructions that a compiled pattern may have: each may cost a step at every character of a text. */
const LARGEST_PROGRAM = 600

/** Loaded with the first pattern: few configurations have one, and it costs each start time and memory. */
const loadRe2 = () => createRequire(import.meta.url)('re2js') as typeof Re2
let re2: typeof Re2 | null = null

/** A part of an automation that cannot work. `path` is relative to the automation: `if`, `filter.alias_regex`. */
export class AutomationError extends Error implements Problem {
  readonly path: string
  readonly fix: string
  constructor(path: string, message: string, fix: string) {
    super(message)
    this.name = 'AutomationError'
    this.path = path
    this.fix = fix
  }
}

/** Finds a pattern anywhere in a text, in time linear in the text. Texts over {@link LONGEST_TEXT} never match. */
export type Pattern = (text: string) => boolean

/**
 * Compiles an RE2 expression, unanchored: https://github.com/google/re2/wiki/Syntax
 * @throws AutomationError that names `path` and what RE2 says.
 */
export function compilePattern(source: string, path: string): Pattern {
  if (source.length > LONGEST_PATTERN) {
    throw new AutomationError(path, `the pattern is longer than ${LONGEST_PATTERN} characters`, 'Shorten it.')
  }
  const compiled = compile(source, path)
  const size = compiled.programSize()
  if (size > LARGEST_PROGRAM) {
    const message = `the pattern repeats too much: it has ${size} steps, and ${LARGEST_PROGRAM} is the most`
    throw new AutomationError(path, message, 'Repeat less: `.*` costs far less than `.{0,1000}`.')
  }
  return (text) => text.length <= LONGEST_TEXT && compiled.matcher(text).find()
}

function compile(source: string, path: string) {
  try {
    re2 ??= loadRe2()
    return re2.RE2JS.compile(source)
  } catch (error) {
    throw new AutomationError(
      path,
      `not a valid RE2 pattern: ${reasonOf(error)}`,
      'Correct it; a character such as ( or + that stands for itself takes a backslash: \\(. RE2 has no look-around and no ' +
        'back-references: https://github.com/google/re2/wiki/Syntax',
    )
  }
}
