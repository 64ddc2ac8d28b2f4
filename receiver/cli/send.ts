import type { Json } from '../../src/contract/model-event.ts'
import type { Source } from '../runtime/sources.ts'
import type { SentSignature, WebhookRequest } from '../sources/source.ts'
import type { Command, CommandArguments } from './command.ts'
import { CommandError } from './command-error.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { textOption, textOptions } from './options.ts'
import { choose, jsonOr, readInput, withFields } from './read-input.ts'

/** `send`: a webhook as a registry sends it, signed. */
export const command: Command = {
  summary: 'Send a webhook to a receiver as the registry would, signed with the secret of the configuration.',
  usage:
    'send [--source S] [--event TYPE | --body FILE] [--set NAME=VALUE]… [--url URL] [--config FILE] [--dry-run] [--print] [--json]',
  help: `An event that is accepted is real: what its automations say is dispatched. --dry-run only asks what would be.

  --source S        A source of the configuration. Default: the only one.
  --event TYPE      Send a sample of this event type of the registry. Default: the first one.
  --body FILE       Send this file, byte for byte; - is stdin.
  --set NAME=VALUE  Replace a field at the top of the body. The same body twice is a repeat to the receiver.
  --url URL         The receiver's address. Default: this machine, HOST and PORT.
  --config FILE     Default: MODEL_DISPATCH_CONFIG.
  --dry-run         Ask what would happen. Nothing is stored or dispatched.
  --print           Print the request instead of sending it. It holds a signature, and the token that the source may have.
  --json            Print JSON.

Ends with 0 where the receiver took it, with 1 where it refused.

Examples:
  npm run cli -- send --source wandb --event ADD_ARTIFACT_ALIAS --dry-run
  npm run cli -- send --source wandb --event ADD_ARTIFACT_ALIAS --set alias=staging --url https://dispatch.example.com`,
  options: {
    source: { type: 'string' },
    event: { type: 'string' },
    body: { type: 'string' },
    set: { type: 'string', multiple: true },
    url: { type: 'string' },
    config: { type: 'string' },
    'dry-run': { type: 'boolean' },
    print: { type: 'boolean' },
    json: { type: 'boolean' },
  },
  most_words: 0,
  run: send,
}

async function send({ options }: CommandArguments): Promise<ExitCode> {
  const { fetchFrom, receiverUrl } = await import('./api.ts')
  const { loadFiles, runtimeOf } = await import('./load-files.ts')
  const { signAs } = await import('./sign.ts')
  const base = receiverUrl(textOption(options, 'url'))
  const files = await loadFiles(textOption(options, 'config'))
  const source = choose(runtimeOf(files).sources, textOption(options, 'source'), ['source', '--source'])
  const body = bodyOf(source, options)
  const signed = signAs(source, body, Date.now())
  checkSigned(source, body, signed)
  const query = new URLSearchParams({
    ...signed.query,
    ...(options['dry-run'] === true ? { dry_run: 'true' } : {}),
  }).toString()
  const path = `/webhooks/${source.config.name}${query === '' ? '' : `?${query}`}`
  const headers = { 'Content-Type': 'application/json', ...signed.headers }
  const json = options['json'] === true
  if (options['print'] === true) {
    const request = { method: 'POST', url: `${base}${path}`, headers, body: body.toString() }
    console.log(json ? JSON.stringify(request) : requestText(request))
    return EXIT.ok
  }
  const request = { method: 'POST', headers, body: new Uint8Array(body) }
  const { status, ok, text } = await fetchFrom(base, path, request)
  console.log(json ? JSON.stringify({ status, body: jsonOr(text) }) : `${status} ${text}`)
  if (ok) return EXIT.ok
  if (status === 401)
    console.error(
      'The receiver has another secret for this source.\n  -> Use the configuration and variables of the receiver.',
    )
  if (status === 404)
    console.error(
      `The receiver at ${base} has no source ${source.config.name}.\n  -> Check --url and --source.`,
    )
  return EXIT.fault
}

function bodyOf({ config, samples }: Source, options: CommandArguments['options']): Buffer {
  const file = textOption(options, 'body')
  const event = textOption(options, 'event')
  const sets = textOptions(options, 'set')
  if (file !== null && event !== null)
    throw new CommandError('--body and --event are both given.', 'Give one of the two.')
  if (file !== null && sets.length === 0) return readInput(file)
  if (file !== null) return Buffer.from(JSON.stringify(withFields(parse(readInput(file), file), sets)))
  const table = new Map(Object.entries(samples))
  const name = event ?? [...table.keys()][0] ?? null
  return Buffer.from(
    JSON.stringify(withFields(choose(table, name, [`sample of ${config.type} named`, '--event']), sets)),
  )
}

function parse(bytes: Buffer, file: string): Json {
  try {
    return JSON.parse(bytes.toString()) as Json
  } catch {
    throw new CommandError(
      `${file} is not JSON, so --set cannot change it.`,
      'Send it without --set, or mend it.',
    )
  }
}

/** The source itself must take what is sent: it would be of no use otherwise. */
function checkSigned(source: Source, body: Buffer, signed: Required<SentSignature>): void {
  const request: WebhookRequest = {
    body,
    headers: Object.fromEntries(
      Object.entries(signed.headers).map(([name, value]) => [name.toLowerCase(), value]),
    ),
    query: new URLSearchParams(signed.query),
    now: Date.now(),
  }
  const verified = source.verify(request)
  if (verified.ok) return
  throw new CommandError(
    `What this command sends would be refused: ${verified.reason}.`,
    'Record what the registry itself sends: `capture`, then `send --body`.',
  )
}

function requestText({
  url,
  headers,
  body,
}: {
  url: string
  headers: Record<string, string>
  body: string
}): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return [`POST ${url}`, ...lines, '', body].join('\n')
}
