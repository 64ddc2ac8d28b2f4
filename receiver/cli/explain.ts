import type { Explained } from '../deliveries/dry-run.ts'
import type { Command, CommandArguments } from './command.ts'
import { CommandError } from './command-error.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { textOption } from './options.ts'
import { choose, readInput } from './read-input.ts'

/** `explain`: what each automation makes of an event. */
export const command: Command = {
  summary:
    'Explain, condition by condition, why an event matches each automation or not, and what would be sent.',
  usage:
    'explain --event FILE [--source S] [--type TYPE] [--config FILE] [--json] | explain EVENT_ID [--url URL] [--json]',
  help: `With --event the body is read from a file, and no receiver is needed. With an id, a running receiver explains an event
that it has stored: that needs ADMIN_TOKEN. Nothing is stored or sent, and secrets are masked.

  --event FILE   The body as the registry sends it; - is stdin.
  --source S     The source that it is for. Default: the only one.
  --type TYPE    The event that ?event= of the webhook's URL states.
  --config FILE  Default: MODEL_DISPATCH_CONFIG.
  --url URL      The receiver's address. Default: this machine, ADMIN_PORT or PORT.
  --json         Print JSON.

Ends with 0 where an automation wants the event, with 1 where none does.

Examples:
  npm run cli -- explain --event body.json --source wandb
  npm run cli -- explain EVENT_ID --url https://dispatch.example.com`,
  options: {
    event: { type: 'string' },
    source: { type: 'string' },
    type: { type: 'string' },
    config: { type: 'string' },
    url: { type: 'string' },
    json: { type: 'boolean' },
  },
  most_words: 1,
  run: explain,
}

type Shown = Pick<Explained, 'event' | 'matched' | 'message' | 'hint' | 'matches' | 'requests'>

async function explain({ options, words: [id] }: CommandArguments): Promise<ExitCode> {
  const file = textOption(options, 'event')
  if ((file === null) === (id === undefined))
    throw new CommandError(
      file === null ? 'There is no event to explain.' : 'An id and --event are both given.',
      'Give --event FILE, or the id of a stored event.',
    )
  const events = file === null ? await ofStored(id, options) : await ofFile(file, options)
  if (options['json'] === true) console.log(JSON.stringify({ events }))
  else for (const event of events) print(event)
  return events.some(({ matched }) => matched.length > 0) ? EXIT.ok : EXIT.fault
}

async function ofStored(id: string | undefined, options: CommandArguments['options']): Promise<Shown[]> {
  const { callApi } = await import('./api.ts')
  const call = { method: 'POST', path: '/explain', body: { event: id } } as const
  const { events } = await callApi(textOption(options, 'url'), call)
  return events as unknown as Shown[]
}

async function ofFile(file: string, options: CommandArguments['options']): Promise<Shown[]> {
  const { loadFiles, runtimeOf } = await import('./load-files.ts')
  const { NotAnEvent } = await import('../ingest/parse-json.ts')
  const { explainRequest } = await import('../trials/explain.ts')
  const runtime = runtimeOf(await loadFiles(textOption(options, 'config')))
  const source = choose(runtime.sources, textOption(options, 'source'), ['source', '--source'])
  const type = textOption(options, 'type')
  const query = new URLSearchParams(type === null ? {} : { event: type })
  const webhook = { body: readInput(file), headers: {}, query, now: Date.now() }
  try {
    return explainRequest(runtime, source, webhook, () => true)
  } catch (error) {
    if (!(error instanceof NotAnEvent)) throw error
    throw new CommandError(
      `${file} cannot be read as an event: ${error.message}`,
      'Give the JSON body that the registry sends, alone.',
    )
  }
}

function print({ event, message, hint, matches, requests }: Shown): void {
  console.log(`${event}: ${message}`)
  if (hint !== null) console.log(`  -> ${hint}`)
  for (const { automation, matched, conditions } of matches) {
    console.log(`\n${matched ? 'wanted by' : 'not wanted by'} ${automation}`)
    for (const { holds, reason } of conditions) console.log(`  ${holds ? 'yes' : 'no '}  ${reason}`)
  }
  for (const { automation, destination, request, error } of requests) {
    console.log(`\n${automation} -> ${destination.type} ${destination.target}`)
    if (error !== null) console.log(`  ${error.message}\n  -> ${error.fix}`)
    if (request !== null) console.log(`  ${request.method} ${request.url}\n${indented(request.body)}`)
  }
}

const indented = (body: object) => JSON.stringify(body, null, 2).replace(/^/gm, '  ')
