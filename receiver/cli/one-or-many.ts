import type { Problem } from '../../src/contract/problem.ts'
import type { JsonObject } from '../../src/contract/model-event.ts'
import type { BulkCall, Counts } from './bulk.ts'
import type { Command, CommandArguments, CommandOptions } from './command.ts'
import { CommandError } from './command-error.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { textOption } from './options.ts'

/** A command that does something to what an id names, or to all that a span of time and filters name. */
export interface OneOrMany {
  one: {
    /** Returns its path below `/api/v1`. */
    path: (id: string) => string
    /** Said where neither an id nor a span of time is given. */
    missing: Problem
    /** Returns what the answer means, in a sentence. */
    tell: (id: string, answer: JsonObject) => string
  }
  many: BulkCall
}

/** The options that one alone takes. */
const OF_ONE: CommandOptions = {
  force: { type: 'boolean' },
  url: { type: 'string' },
  json: { type: 'boolean' },
}

/** Returns the options of such a command: each filter is one. */
export function optionsOf({ many }: OneOrMany): Command['options'] {
  const filters = Object.keys(many.filters).map((name) => [name, { type: 'string' }] as const)
  return {
    ...{ since: { type: 'string' }, until: { type: 'string' }, all: { type: 'boolean' } },
    ...{ 'dry-run': { type: 'boolean' }, yes: { type: 'boolean' } },
    ...Object.fromEntries(filters),
    ...OF_ONE,
  }
}

/** The help for the options of many. */
export const BULK_HELP = `  --since TIME   Accepted at this time or later: 2026-11-28T05:00:00Z, 2026-11-28, or 2h, 30m, 7d for so long ago.
  --until TIME   Accepted before this time.
  --all          Whatever their age, in place of --since.
  --dry-run      Say what would be sent, and send nothing. That happens without --yes too.
  --yes          Send.`

/**
 * Does it to the one that is named, or to many.
 * @throws CommandError
 */
export async function runOneOrMany(
  { one, many }: OneOrMany,
  { options, words: [id] }: CommandArguments,
): Promise<ExitCode> {
  if (isForMany(options)) {
    if (id !== undefined)
      throw new CommandError('An id and a span of time are both given.', 'Give one of the two.')
    const { runBulk } = await import('./bulk.ts')
    return await runBulk(many, options)
  }
  if (id === undefined) throw new CommandError(one.missing.message, one.missing.fix)
  checkSingle(options)
  const { callApi } = await import('./api.ts')
  const path = `${one.path(encodeURIComponent(id))}${options['force'] === true ? '?force=true' : ''}`
  const answer = await callApi(textOption(options, 'url'), { method: 'POST', path })
  console.log(options['json'] === true ? JSON.stringify(answer) : one.tell(id, answer))
  return EXIT.ok
}

/** Whether the options ask for many: a span of time was given. */
const isForMany = (options: CommandArguments['options']): boolean =>
  options['since'] !== undefined || options['all'] === true || options['until'] !== undefined

/** Refuses options that count for many alone: somebody who writes `--dry-run` beside an id must not send it. */
function checkSingle(options: CommandArguments['options']): void {
  const other = Object.keys(options).find((name) => !Object.hasOwn(OF_ONE, name))
  if (other === undefined) return
  throw new CommandError(
    `--${other} goes with --since or --all, and not with an id.`,
    'Leave it away. To see beforehand what one event would send: `explain EVENT_ID`.',
  )
}

/** Returns a count with its noun. */
export function count(counts: Counts, name: string, [one, many]: readonly [string, string]): string {
  const number = counts.get(name) ?? 0
  return `${number} ${number === 1 ? one : many}`
}

/** Returns a sentence for each of these counts that is not 0. */
export function countsOf(counts: Counts, meanings: Readonly<Record<string, string>>): string[] {
  return Object.entries(meanings).flatMap(([name, meaning]) => {
    const number = counts.get(name) ?? 0
    return number === 0 ? [] : [`${number} ${meaning}.`]
  })
}
