import type { Command } from './command.ts'
import { BULK_HELP, count, countsOf, optionsOf, runOneOrMany, type OneOrMany } from './one-or-many.ts'

const REPLAY: OneOrMany = {
  one: {
    path: (id) => `/events/${id}/replay`,
    missing: {
      message: 'replay needs the id of a stored event, or a span of time.',
      fix: 'Give an id (`GET /api/v1/events` lists them), or --since 2h for all events of the last two hours.',
    },
    tell(_id, answer) {
      const { event_id, deliveries, message } = answer as unknown as Replayed
      return `${event_id}: ${message ?? `${deliveries.length} deliveries.`}`
    },
  },
  many: {
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
      const deliveries = count(counts, 'deliveries', ['delivery', 'deliveries'])
      const events = count(counts, 'events', ['event', 'events'])
      return [
        dry_run ? `${events} would make ${deliveries}.` : `${events} made ${deliveries}.`,
        ...countsOf(counts, {
          unmatched: 'wanted by no automation of today',
          stale: 'left out, since a newer event has their place',
          source_gone: 'of a source that is no longer configured',
        }),
      ]
    },
  },
}

/** The API's answer to the replay of one event. */
interface Replayed {
  event_id: string
  deliveries: string[]
  message: string | null
}

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
  options: optionsOf(REPLAY),
  most_words: 1,
  run: (given) => runOneOrMany(REPLAY, given),
}
