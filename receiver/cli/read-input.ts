import { readFileSync } from 'node:fs'
import { isObject } from '../../src/contract/clean-json.ts'
import type { Json } from '../../src/contract/model-event.ts'
import { suggestWord } from '../templates/suggest.ts'
import { CommandError } from './command-error.ts'

/**
 * Returns the bytes of a file; `-` is stdin.
 * @throws CommandError where it cannot be read.
 */
export function readInput(path: string): Buffer {
  try {
    return readFileSync(path === '-' ? 0 : path)
  } catch (error) {
    const { code } = error as { code?: string }
    const fix = code === 'ENOENT' ? 'Check the path.' : 'Let the user of this process read it.'
    throw new CommandError(`${path} cannot be read (${code ?? 'unknown'}).`, `${fix} \`-\` reads stdin.`)
  }
}

/**
 * Returns an object with top-level fields replaced, as `--set NAME=VALUE` gives them; a value that is JSON counts as JSON.
 * @throws CommandError for another form, or where the body is no object.
 */
export function withFields(body: Json, sets: readonly string[]): Json {
  if (sets.length === 0) return body
  if (!isObject(body))
    throw new CommandError('--set needs a body that is an object.', 'Change the file itself.')
  const fields = sets.map((text) => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
    if (name === undefined || value === undefined)
      throw new CommandError(`--set ${text}: has no value.`, 'Write it as --set alias=staging.')
    return [name, jsonOr(value)] as const
  })
  return { ...body, ...Object.fromEntries(fields) }
}

/** Returns what a text holds as JSON, or the text itself where it is not JSON. */
export function jsonOr(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

/**
 * Returns the member of a table of that name; the only one where no name is given.
 * @throws CommandError that names what there is.
 */
export function choose<T>(
  table: ReadonlyMap<string, T>,
  name: string | null,
  [what, option]: readonly [string, string],
): T {
  const [only] = table.size === 1 ? table.values() : []
  const found = name === null ? only : table.get(name)
  if (found !== undefined) return found
  const names = [...table.keys()]
  if (names.length === 0)
    throw new CommandError(`The configuration has no ${what}.`, `Add one, or name another file.`)
  if (name === null) throw new CommandError(`${option} is missing.`, `Give one of ${names.join(', ')}.`)
  throw new CommandError(`There is no ${what} ${name}.`, `${option}: ${suggestWord(name, names)}`)
}
