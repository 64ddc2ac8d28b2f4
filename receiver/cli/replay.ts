import type { Command, CommandArguments } from './command.ts'
import { BULK_HELP, BULK_OPTIONS, count, isBulk, runBulk, type BulkCall } from './bulk.ts'
import { CommandError } from './command-error.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { textOption } from './options.ts'

/** `replay`: stored events, sent through the automations anew. */
export const command: Command = {
  summary: "Send stored events through today's automations again, by a running receiver.",
  usage: 'replay EVENT_ID [--force] [--url URL] [--json] | replay --since TIME [FILTERS] [--dry-run | --yes]',
  help: `Use it when the configuration was wrong; \`redeliver\` when access was. Needs ADMIN_TOKEN. An event whose place a newer one
has taken is left out, so that nothing is rolled back. \`explain EVENT_ID\` says beforehand what one event would send.

${BULK_HELP}
  --source S, --type TYPE, --kind KIND, --automation NAME, --status matched|unmatched, --model M, --alias A, --query TEXT
                 Filters, as those of GET /api/v1/events.
  --force        Send also what would roll a newer event back.
  --url URL      The receiver's address. Default: this machine, ADMIN_PORT or PORT.
  --json         Print JSON.

Ends with 0 where the receiver did it, also where nothing was left to do, with 2 where it refused, and with 75 where it did
not answer.

Examples:
  npm run cli -- replay EVENT_ID
  npm run cli -- replay --since 2h --status unmatched
  npm run cli -- replay --since 2h --status unmatched --yes`,
  options: {
    ...BULK_OPTIONS,
    source: { type: 'string' },
    type: { type: 'string' },
    kind: { type: 'string' },
    automation: { type: 'string' },
    status: { type: 'string' },
    model: { type: 'string' },
    alias: { type: 'string' },
    query: { type: 'string' },
    force: { type: 'boolean' },
    url: { type: 'string' },
    json: { type: 'boolean' },
  },
  most_words: 1,
  run: replay,
}

const BULK: BulkCall = {
  path: '/events/replay',
  filters: {
    source: 'source',
    type: 'type',
    kind: 'kind',
    automation: 'automation',
    status: 'status',
    model: 'model',
    alias: 'alias',
    query: 'q',
  },
  bounded: true,
  tell(counts, dry_run) {
    const number = (name: string) => counts.get(name) ?? 0
    const deliveries = count(number('deliveries'), ['delivery', 'deliveries'])
    const events = count(number('events'), ['event', 'events'])
    const rest: [number, string][] = [
      [number('unmatched'), 'wanted by no automation of today'],
      [number('stale'), 'left out, since a newer event has their place'],
      [number('source_gone'), 'of a source that is no longer configured'],
    ]
    return [
      dry_run ? `${events} would make ${deliveries}.` : `${events} made ${deliveries}.`,
      ...rest.filter(([some]) => some > 0).map(([some, what]) => `${some} ${what}.`),
    ]
  },
}

async function replay({ options, words: [id] }: CommandArguments): Promise<ExitCode> {
  if (isBulk(options)) {
    if (id === undefined) return await runBulk(BULK, options)
    throw new CommandError('An id and a span of time are both given.', 'Give one of the two.')
  }
  if (id === undefined)
    throw new CommandError(
      'replay needs the id of a stored event, or a span of time.',
      'Give an id (`GET /api/v1/events` lists them), or --since 2h for all events of the last two hours.',
    )
  checkSingle(options, ['force', 'url', 'json'])
  const { callApi } = await import('./api.ts')
  const query = options['force'] === true ? '?force=true' : ''
  const path = `/events/${encodeURIComponent(id)}/replay${query}`
  const answer = (await callApi(textOption(options, 'url'), { method: 'POST', path })) as {
    event_id: string
    deliveries: string[]
    message: string | null
  }
  if (options['json'] === true) console.log(JSON.stringify(answer))
  else console.log(`${answer.event_id}: ${answer.message ?? `${answer.deliveries.length} deliveries.`}`)
  return EXIT.ok
}

/**
 * Refuses options that count for many alone: somebody who writes `--dry-run` beside an id must not send it.
 * @throws CommandError
 */
export function checkSingle(options: CommandArguments['options'], allowed: readonly string[]): void {
  const other = Object.keys(options).find((name) => !allowed.includes(name))
  if (other === undefined) return
  throw new CommandError(
    `--${other} goes with --since or --all, and not with an id.`,
    'Leave it away. To see beforehand what one event would send: `explain EVENT_ID`.',
  )
}
