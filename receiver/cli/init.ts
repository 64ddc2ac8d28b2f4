import { randomBytes } from 'node:crypto'
import { accessSync, constants, lstatSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { isRepositoryName, isOwner } from '../github/repository.ts'
import { SOURCE_TYPES } from '../sources/index.ts'
import type { Command, CommandArguments } from './command.ts'
import { CommandError } from './command-error.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { textOption } from './options.ts'
import { choose } from './read-input.ts'

/** How many random bytes a generated secret has. */
const SECRET_BYTES = 32

/** `init`: a first configuration. */
export const command: Command = {
  summary: 'Write a first configuration, and beside it a .env file with generated secrets.',
  usage: 'init --repository OWNER/NAME [--source TYPE] [FILE] [--json]',
  help: `FILE is model-dispatch.yaml where it is not given; .env goes beside it. Where one of the two exists already, neither is
written.

  --repository OWNER/NAME  The repository whose workflow an event starts.
  --source TYPE            The registry: ${[...SOURCE_TYPES.keys()].join(', ')}. Default: wandb.
  --json                   Print JSON.

Example:
  npm run cli -- init --repository acme/serving`,
  options: { repository: { type: 'string' }, source: { type: 'string' }, json: { type: 'boolean' } },
  most_words: 1,
  run: (args) => Promise.resolve(init(args)),
}

function init({ options, words: [path = 'model-dispatch.yaml'] }: CommandArguments): ExitCode {
  const repository = textOption(options, 'repository')
  const [owner = '', name = '', more] = repository?.split('/') ?? []
  if (repository === null || !isOwner(owner) || !isRepositoryName(name) || more !== undefined)
    throw new CommandError(
      repository === null ? '--repository is missing.' : `--repository: ${repository} is not owner/name.`,
      'Write it as --repository acme/serving.',
    )
  const { type, events } = choose(SOURCE_TYPES, textOption(options, 'source') ?? 'wandb', [
    'registry',
    '--source',
  ])
  const variable = `${type.toUpperCase().replaceAll('-', '_')}_WEBHOOK_SECRET`
  const kinds = new Set(Object.values(events))
  const [first = '*'] = ['alias.added', 'stage.changed', ...kinds].filter((kind) =>
    kinds.has(kind as 'alias.added'),
  )
  const env_path = join(dirname(path), '.env')
  if (basename(path) === '.env')
    throw new CommandError(
      `${path} is where the secrets go.`,
      'Name the configuration otherwise, such as model-dispatch.yaml.',
    )
  writeAll([
    { path, text: configOf({ type, variable, event: first, repository }), mode: 0o644 },
    { path: env_path, text: envOf(type, variable), mode: 0o600 },
  ])
  if (options['json'] === true) console.log(JSON.stringify({ files: [path, env_path], variable }))
  else
    console.log(`Wrote ${path} and ${env_path}.
1. Put a GitHub token (or an App) into ${env_path}.
2. Give the registry the value of ${variable} as the signing secret.
3. Check it: (set -a; . ${env_path.startsWith('/') ? '' : './'}${env_path}; npm run cli -- check ${path})
4. Start it the same way, with npm start in place of the check. send of docs/cli.md sends a first event.`)
  return EXIT.ok
}

interface NewFile {
  path: string
  text: string
  mode: number
}

/**
 * Writes all files, or none: what stands in the way is looked for first, and what was written before a failure is removed.
 * @throws CommandError
 */
function writeAll(files: readonly NewFile[]): void {
  for (const { path } of files) checkPlace(path)
  const written: string[] = []
  try {
    for (const { path, text, mode } of files) {
      writeFileSync(path, text, { mode, flag: 'wx' })
      written.push(path)
    }
  } catch (error) {
    for (const path of written) rmSync(path)
    throw notWritable(files[written.length]?.path ?? '', error)
  }
}

function checkPlace(path: string): void {
  // Also a link that leads nowhere is in the way.
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) throw inTheWay(path)
  try {
    accessSync(dirname(path), constants.W_OK | constants.X_OK)
  } catch (error) {
    throw notWritable(path, error)
  }
}

function inTheWay(path: string): CommandError {
  const fix =
    basename(path) === '.env'
      ? 'Its secrets may be in use. Run init in another folder (npm run cli -- init … FOLDER/model-dispatch.yaml), or move it away.'
      : 'Name another file, or move it away.'
  return new CommandError(`${path} exists already, so nothing was written.`, fix)
}

function notWritable(path: string, error: unknown): CommandError {
  const { code = 'unknown' } = error as { code?: string }
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new CommandError(
      `${path} cannot be written: there is no folder ${dirname(path)}.`,
      `Make it (mkdir -p ${dirname(path)}), or name another file.`,
    )
  return new CommandError(
    `${path} cannot be written (${code}).`,
    'Name a file in a directory that you may write to.',
  )
}

function configOf({
  type,
  variable,
  event,
  repository,
}: Record<'type' | 'variable' | 'event' | 'repository', string>): string {
  return `# What comes in, and where it goes. Every key: docs/configuration.md. Secrets come from the environment.
version: 1

sources:
  # POST /webhooks/${type}
  ${type}:
    type: ${type}
    secrets: ['\${env:${variable}}']

automations:
  - name: deploy
    events: [${event}]
${filterOf(event)}    destinations:
      - type: repository_dispatch
        repository: ${repository}
        event_type: deploy-model
`
}

/** An automation that hears of aliases must say which one it means. */
function filterOf(event: string): string {
  return event === 'alias.added'
    ? '    filter: { alias: production }\n'
    : '    # filter: { model: resnet50 }\n'
}

function envOf(type: string, variable: string): string {
  const secret = () => randomBytes(SECRET_BYTES).toString('base64')
  // The Hub takes letters and digits only; Standard Webhooks marks its secrets.
  const webhook = type === 'huggingface' ? randomBytes(SECRET_BYTES).toString('hex') : secret()
  return `# Secrets of Model Dispatch. Keep this file to yourself: it belongs in no repository.
${variable}=${type === 'standard-webhooks' ? 'whsec_' : ''}${webhook}
ADMIN_TOKEN=${randomBytes(SECRET_BYTES).toString('hex')}
SECRETS_KEY=${secret()}
# A GitHub App is better: GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY_FILE.
GITHUB_TOKEN=
`
}
