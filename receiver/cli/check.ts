import { ConfigError, type Config, type ConfigProblem } from '../config/config.ts'
import type { Command, CommandArguments } from './command.ts'
import { withEnvFile } from './env-file.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { LoadedFiles } from './load-files.ts'

/** `check`: what a start of the receiver would say of a configuration. */
export const command: Command = {
  summary: 'Check a configuration as a start would, without starting anything.',
  usage: 'check [FILE] [--diff] [--url URL] [--json]',
  help: `FILE is a file or a directory; without it, MODEL_DISPATCH_CONFIG counts. The variables that it names must be set.
Ends with 0 where a receiver would start, else with 2.

  --diff     Ask a running receiver what would change: which automations are new, changed and gone. Needs ADMIN_TOKEN.
  --url URL  Its address. Default: this machine, ADMIN_PORT or PORT.
  --json     Print JSON.

Examples:
  npm run cli -- check model-dispatch.yaml
  docker run --rm --env-file .env -v "$PWD:/config:ro" IMAGE check /config/model-dispatch.yaml`,
  options: { diff: { type: 'boolean' }, url: { type: 'string' }, json: { type: 'boolean' } },
  most_words: 1,
  run: check,
}

async function check({ options, words: [path] }: CommandArguments): Promise<ExitCode> {
  const json = options['json'] === true
  const files = await load(path ?? null, json)
  if (files === null) return EXIT.refused
  const { config, team_problems: problems } = files.loaded
  const url = typeof options['url'] === 'string' ? options['url'] : null
  const diff = options['diff'] === true ? await differences(config, url) : null
  if (json) console.log(JSON.stringify({ ok: problems.length === 0, problems, ...countsOf(config), diff }))
  else print(files, diff)
  if (problems.length === 0) return EXIT.ok
  if (!json) console.error(new ConfigError(problems).message)
  return EXIT.refused
}

async function load(path: string | null, json: boolean): Promise<LoadedFiles | null> {
  const { loadFiles } = await import('./load-files.ts')
  try {
    return await loadFiles(path)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const problems = withEnvFile(error.problems, path, process.env)
    if (json) console.log(JSON.stringify({ ok: false, problems }))
    else console.error(`${summaryOf(problems)}\n${new ConfigError(problems).message}`)
    return null
  }
}

const summaryOf = ({ length }: readonly ConfigProblem[]) =>
  length === 1
    ? 'A receiver would not start. One problem:'
    : `A receiver would not start. ${length} problems:`

function countsOf({ sources, automations, connections }: Config) {
  return {
    sources: [...sources.keys()],
    automations: automations.map(({ name }) => name),
    connections: [...connections.keys()],
  }
}

function print({ loaded: { config, cuts }, environment }: LoadedFiles, diff: Difference[] | null): void {
  const { sources, automations } = config
  console.log(
    `A receiver would start with ${count(sources.size, 'source')} and ${count(automations.length, 'automation')}.`,
  )
  const base = environment.public_url ?? 'https://YOUR-RECEIVER'
  for (const { name, type } of sources.values()) console.log(`  ${type}: ${base}/webhooks/${name}`)
  for (const { from, cut } of cuts) console.log(`  note: the secret of ${from} is read without ${cut}`)
  for (const { variable, message, fix } of environment.notices)
    console.log(`  note: ${variable}: ${message} -> ${fix}`)
  if (diff === null) return
  if (diff.length === 0) console.log('Nothing differs from what is in force.')
  for (const { change, name } of diff) console.log(`  ${SIGNS[change]} ${name}`)
}

const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`

const SIGNS = { added: '+', changed: '~', removed: '-' } as const

interface Difference {
  name: string
  change: keyof typeof SIGNS
}

/** Compares the automations of the files with those of the running receiver's files, by their revisions. */
async function differences({ automations }: Config, url: string | null): Promise<Difference[]> {
  const { callApi } = await import('./api.ts')
  const { compileAutomation } = await import('../automations/compile.ts')
  const answer = await callApi(url, { method: 'GET', path: '/automations' })
  const { items } = answer as { items: { name: string; origin: string; revision: string | null }[] }
  const before = new Map(
    items.filter(({ origin }) => origin === 'file').map(({ name, revision }) => [name, revision]),
  )
  const after = new Map(automations.map((spec) => [spec.name, compileAutomation(spec).revision]))
  const names = [...new Set([...before.keys(), ...after.keys()])].sort()
  return names.flatMap((name): Difference[] => {
    if (!before.has(name)) return [{ name, change: 'added' }]
    if (!after.has(name)) return [{ name, change: 'removed' }]
    return before.get(name) === after.get(name) ? [] : [{ name, change: 'changed' }]
  })
}
