import type { Command, CommandArguments } from './command.ts'
import { CommandError } from './command-error.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { textOption } from './options.ts'

/** `replay`: a stored event, sent through the automations anew. */
export const command: Command = {
  summary: "Send a stored event through today's automations again, by a running receiver.",
  usage: 'replay EVENT_ID [--force] [--url URL] [--json]',
  help: `Needs ADMIN_TOKEN. \`explain EVENT_ID\` says beforehand what would be sent.

  --force    Send also what would roll a newer event back.
  --url URL  The receiver's address. Default: this machine, HOST and PORT.
  --json     Print JSON.

Example:
  npm run cli -- replay evt_01K… --url https://dispatch.example.com`,
  options: { force: { type: 'boolean' }, url: { type: 'string' }, json: { type: 'boolean' } },
  most_words: 1,
  run: replay,
}

async function replay({ options, words: [id] }: CommandArguments): Promise<ExitCode> {
  if (id === undefined)
    throw new CommandError(
      'replay needs the id of a stored event.',
      'Give one: `GET /api/v1/events` lists them.',
    )
  const { callApi } = await import('./api.ts')
  const query = options['force'] === true ? '?force=true' : ''
  const path = `/events/${encodeURIComponent(id)}/replay${query}`
  const answer = (await callApi(textOption(options, 'url'), { method: 'POST', path })) as {
    event_id: string
    deliveries: string[]
    message: string | null
  }
  if (options['json'] === true) {
    console.log(JSON.stringify(answer))
    return EXIT.ok
  }
  console.log(`${answer.event_id}: ${answer.message ?? `${answer.deliveries.length} deliveries.`}`)
  return EXIT.ok
}
