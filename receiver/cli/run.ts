import { parseArgs } from 'node:util'
import { VERSION } from '../observe/version.ts'
import { suggestWord } from '../templates/suggest.ts'
import type { Command, CommandArguments } from './command.ts'
import { CommandError } from './command-error.ts'
import { COMMANDS, DEFAULT_COMMAND } from './commands.ts'
import { explainWithEnvFile } from './env-file.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { explainStartError } from './start-error.ts'

/** How the program is called in messages: the same words work in the image, after `docker run IMAGE`. */
const PROGRAM = 'npm run cli --'

/**
 * Runs the command that `args` name, `serve` where they are empty, and resolves with the exit code. Arguments that
 * are not understood start nothing.
 */
export async function runCommandLine(args: readonly string[]): Promise<ExitCode> {
  try {
    return await dispatch(args)
  } catch (error) {
    if (error instanceof CommandError) {
      console.error(`${error.message}\n  -> ${error.fix}`)
      return error.exit_code
    }
    const explained = explainStartError(explainWithEnvFile(error, process.env))
    if (explained === null) throw error
    console.error(explained.message)
    return explained.exit_code
  }
}

async function dispatch(args: readonly string[]): Promise<ExitCode> {
  const [first = DEFAULT_COMMAND, ...rest] = args
  if (['--help', '-h', 'help'].includes(first)) return await printHelp(rest)
  if (['--version', '-V', 'version'].includes(first)) {
    console.log(`model-dispatch ${VERSION} (Node.js ${process.version})`)
    return EXIT.ok
  }
  const command = await load(first)
  if (rest.some((arg) => arg === '--help' || arg === '-h')) return await printHelp([first])
  return await command.run(readArguments(first, command, rest))
}

async function load(name: string): Promise<Command> {
  const found = COMMANDS.get(name)
  if (found !== undefined) return await found()
  const what = name.startsWith('-') ? `There is no option ${name}` : `There is no command ${name}`
  throw new CommandError(
    `${what}.`,
    `${suggestWord(name, COMMANDS.keys())} \`${PROGRAM} --help\` lists the commands.`,
  )
}

function readArguments(name: string, command: Command, args: readonly string[]): CommandArguments {
  const { options, most_words } = command
  const help = `\`${PROGRAM} ${name} --help\` says what it takes.`
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    if (positionals.length > most_words) {
      throw new CommandError(`${name} does not take \`${positionals[most_words] ?? ''}\`.`, help)
    }
    return { options: values, words: positionals }
  } catch (error) {
    if (error instanceof CommandError || !isParseArgsError(error)) throw error
    // The advice after the first sentence is for words that begin with a dash: no command of ours takes any.
    throw new CommandError(`${name}: ${error.message.split('. ', 1)[0] ?? ''}.`, help)
  }
}

/** https://nodejs.org/api/errors.html#err_parse_args_unknown_option and its neighbours. */
function isParseArgsError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_')
}

async function printHelp([name]: readonly string[]): Promise<ExitCode> {
  if (name !== undefined) {
    const { usage, summary, help } = await load(name)
    console.log(`Usage: ${PROGRAM} ${usage}\n\n${summary}\n${help === '' ? '' : `\n${help}\n`}`)
    return EXIT.ok
  }
  const commands = await Promise.all([...COMMANDS].map(async ([one, read]) => [one, await read()] as const))
  const width = Math.max(...commands.map(([one]) => one.length))
  const list = commands.map(([one, { summary }]) => `  ${one.padEnd(width)}  ${summary}`)
  console.log(`Model Dispatch ${VERSION}: the model registry speaks, your repository acts.

Usage: ${PROGRAM} [COMMAND] [ARGUMENTS]

${list.join('\n')}

In the image: docker run IMAGE [COMMAND] [ARGUMENTS]

  COMMAND --help  Explain one command.
  --version       Print the version.

Without a command the receiver starts. Exit codes: ${EXIT.ok} done, ${EXIT.fault} fault or failed check, ${EXIT.refused} wrong arguments or
configuration, ${EXIT.try_again} something outside was not ready: run it again.`)
  return EXIT.ok
}
