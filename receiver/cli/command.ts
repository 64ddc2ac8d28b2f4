import type { ParseArgsConfig } from 'node:util'
import type { ExitCode } from './exit-codes.ts'

/** The options of a command, as `parseArgs` of node:util takes them. An option that is not named is refused. */
export type CommandOptions = NonNullable<ParseArgsConfig['options']>

/** The arguments of one call, read and checked. */
export interface CommandArguments {
  /** The options that were given; absent ones are undefined. */
  options: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>
  /** All that is not an option, in order. */
  words: readonly string[]
}

/**
 * A command of the command line: a file in `receiver/cli`, named in `commands.ts`.
 *
 * @example
 * ```ts
 * import type { Command } from '../../receiver/cli/command.ts'
 * import { EXIT } from '../../receiver/cli/exit-codes.ts'
 *
 * export const command: Command = {
 *   summary: 'Print the words that it is given.',
 *   usage: 'echo [--loud] [WORD]',
 *   help: '  --loud  Print it in capitals.',
 *   options: { loud: { type: 'boolean' } },
 *   most_words: 1,
 *   run({ options, words: [word = ''] }) {
 *     console.log(options['loud'] === true ? word.toUpperCase() : word)
 *     return Promise.resolve(EXIT.ok)
 *   },
 * }
 * ```
 */
export interface Command {
  /** The purpose of the command, in one sentence. */
  summary: string
  /** The command with its arguments. */
  usage: string
  /** The text that `--help` prints below usage and summary. */
  help: string
  options: CommandOptions
  /** How many words may stand beside the options. */
  most_words: number
  /** Does the work and resolves with the exit code. An error that it throws is explained where that is possible. */
  run(args: CommandArguments): Promise<ExitCode>
}
