import { once } from 'node:events'
import { NEXT_PRODUCTION } from './events.ts'
import type { Screen } from './screen.ts'
import type { Stage } from './stage.ts'
import { sendWebhook, wandbWebhook } from './webhooks.ts'

/** Leaves the demo running, with one delivery to mend in its page, until `end` is aborted. */
export async function keepOpen(stage: Stage, screen: Screen, end: AbortSignal): Promise<void> {
  await failOnce(stage, end)
  screen.step('The demo goes on: click through its page')
  screen.row('page', stage.receiver_url, 'good')
  screen.row('token', stage.admin_token)
  screen.row('to do', 'GitHub has refused one more dispatch: Overview shows it. Read why, and redeliver it.')
  screen.row('end', 'Ctrl-C stops everything; nothing stays on this machine.')
  if (!end.aborted) await once(end, 'abort')
}

/** Sends an event whose dispatch GitHub refuses, this one time. */
export async function failOnce({ github, receiver_url, secrets }: Stage, signal: AbortSignal): Promise<void> {
  github.failNext({ kind: 'answer', name: 'not-found' }, { operation: 'dispatch' })
  const access = { access_token: secrets.wandb_token, secret: secrets.wandb }
  await sendWebhook(receiver_url, wandbWebhook(NEXT_PRODUCTION, access), signal)
}
