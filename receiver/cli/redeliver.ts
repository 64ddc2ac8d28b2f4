import type { Command, CommandArguments } from './command.ts'
import { BULK_HELP, BULK_OPTIONS, count, isBulk, runBulk, type BulkCall } from './bulk.ts'
import { CommandError } from './command-error.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { textOption } from './options.ts'
import { checkSingle } from './replay.ts'

/** `redeliver`: finished deliveries, tried again as they are. */
export const command: Command = {
  summary: 'Try deliveries that have failed again as they are, by a running receiver.',
  usage:
    'redeliver DELIVERY_ID [--force] [--url URL] [--json] | redeliver --since TIME [FILTERS] [--dry-run | --yes]',
  help: `Use it when a token, an App or a permission was wrong; \`replay\` when the configuration was. Needs ADMIN_TOKEN. A delivery
whose place a newer event has taken is left out, so that nothing is rolled back.

${BULK_HELP}
  --status failed|expired|canceled|superseded
                 What they have ended as. Default: failed.
  --automation NAME, --destination TARGET, --event EVENT_ID, --model M, --alias A
                 Filters, as those of GET /api/v1/deliveries.
  --force        Send also what would roll a newer event back.
  --url URL      The receiver's address. Default: this machine, ADMIN_PORT or PORT.
  --json         Print JSON.

Ends with 0 where the receiver did it, also where nothing was left to do, with 2 where it refused, and with 75 where it did
not answer.

Examples:
  npm run cli -- redeliver DELIVERY_ID
  npm run cli -- redeliver --since 2h
  npm run cli -- redeliver --since 2h --destination acme/serving --yes`,
  options: {
    ...BULK_OPTIONS,
    status: { type: 'string' },
    automation: { type: 'string' },
    destination: { type: 'string' },
    event: { type: 'string' },
    model: { type: 'string' },
    alias: { type: 'string' },
    force: { type: 'boolean' },
    url: { type: 'string' },
    json: { type: 'boolean' },
  },
  most_words: 1,
  run: redeliver,
}

const BULK: BulkCall = {
  path: '/deliveries/redeliver',
  filters: {
    status: 'status',
    automation: 'automation',
    destination: 'destination',
    event: 'event',
    model: 'model',
    alias: 'alias',
  },
  bounded: false,
  tell(counts, dry_run) {
    const number = (name: string) => counts.get(name) ?? 0
    const again = count(number('redelivered'), ['delivery', 'deliveries'])
    const rest: [number, string][] = [
      [number('stale'), 'left out, since a newer event has their place'],
      [
        number('no_target'),
        'left out, since they never had a valid target: correct the automation, then replay',
      ],
    ]
    return [
      dry_run ? `${again} would be tried again.` : `${again} put back into the queue.`,
      ...rest.filter(([some]) => some > 0).map(([some, what]) => `${some} ${what}.`),
    ]
  },
}

async function redeliver({ options, words: [id] }: CommandArguments): Promise<ExitCode> {
  if (isBulk(options)) {
    if (id === undefined) return await runBulk(BULK, options)
    throw new CommandError('An id and a span of time are both given.', 'Give one of the two.')
  }
  if (id === undefined)
    throw new CommandError(
      'redeliver needs the id of a delivery, or a span of time.',
      'Give an id (`GET /api/v1/deliveries?status=failed` lists them), or --since 2h for all of the last two hours.',
    )
  checkSingle(options, ['force', 'url', 'json'])
  const { callApi } = await import('./api.ts')
  const query = options['force'] === true ? '?force=true' : ''
  const path = `/deliveries/${encodeURIComponent(id)}/redeliver${query}`
  const answer = await callApi(textOption(options, 'url'), { method: 'POST', path })
  console.log(options['json'] === true ? JSON.stringify(answer) : `${id}: put back into the queue.`)
  return EXIT.ok
}
