import type { Command } from './command.ts'
import { BULK_HELP, count, countsOf, optionsOf, runOneOrMany, type OneOrMany } from './one-or-many.ts'

const REDELIVER: OneOrMany = {
  one: {
    path: (id) => `/deliveries/${id}/redeliver`,
    missing: {
      message: 'redeliver needs the id of a delivery, or a span of time.',
      fix: 'Give an id (`GET /api/v1/deliveries?status=failed` lists them), or --since 2h for all of the last two hours.',
    },
    tell: (id) => `${id}: put back into the queue.`,
  },
  many: {
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
      const again = count(counts, 'redelivered', ['delivery', 'deliveries'])
      return [
        dry_run ? `${again} would be tried again.` : `${again} put back into the queue.`,
        ...countsOf(counts, {
          stale: 'left out, since a newer event has their place',
          no_target: 'left out, since they never had a valid target: correct the automation, then replay',
        }),
      ]
    },
  },
}

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
  options: optionsOf(REDELIVER),
  most_words: 1,
  run: (given) => runOneOrMany(REDELIVER, given),
}
