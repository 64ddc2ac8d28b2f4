import { CANDIDATE, LINKED, PRODUCTION, STAGE_CHANGED } from './events.ts'
import { DemoProblem } from './problem.ts'
import type { Screen } from './screen.ts'
import { CONFIG, type Stage } from './stage.ts'
import { databricksWebhook, sendWebhook, wandbWebhook, type Webhook, type WebhookAnswer } from './webhooks.ts'
import { followDispatch, nextDispatch, WORKFLOW } from './workflow.ts'

/** The outputs of the Action that are shown, where they say something. */
const SHOWN_OUTPUTS = [
  'matched',
  'is-link',
  'is-alias',
  'is-stage',
  'model',
  'version',
  'alias',
  'previous-stage',
  'stage',
  'environment',
  'artifact-pinned',
  'parameters',
  'delivery-id',
]
const SILENT = ['', 'false', '{}']

/** The means of the demo. */
interface Scene {
  stage: Stage
  screen: Screen
  signal: AbortSignal
}

/** How one event ends. */
interface Ending {
  jobs: readonly string[]
}

/**
 * Plays the demo: three events that start a workflow, and three requests that start nothing.
 * @throws DemoProblem when something doesn't go as it is told.
 */
export async function tell(stage: Stage, screen: Screen, signal: AbortSignal): Promise<void> {
  const { github, receiver_url, secrets } = stage
  const wandb = { access_token: secrets.wandb_token, secret: secrets.wandb }
  const stage_changed = databricksWebhook(STAGE_CHANGED, { secret: secrets.databricks })
  const answer = (webhook: Webhook, status: number) => showAnswer({ stage, screen, signal }, webhook, status)
  const deliver = (webhook: Webhook, ending: Ending) =>
    showDelivery({ stage, screen, signal }, webhook, ending)

  screen.title('Model Dispatch: the model registry speaks, your repository acts.')
  screen.line('All of this happens on this machine, on loopback. No account, no credentials.')

  screen.step('Start')
  screen.row('GitHub', `a stand-in on ${github.url}; checks requests by GitHub's API description`)
  screen.row('receiver', `${receiver_url} with ${CONFIG}`)
  screen.row('workflow', WORKFLOW)

  screen.step("W&B: jane links resnet50 v3 to the registry (the request of W&B's webhook_test.sh)")
  await deliver(wandbWebhook(LINKED, wandb), { jobs: ['parse', 'evaluate'] })

  screen.step('W&B: jane makes resnet50 v3 production')
  await deliver(wandbWebhook(PRODUCTION, wandb), { jobs: ['parse', 'deploy'] })

  screen.step('Databricks: Airline_Delay_SparkML 8 goes from Staging to Production')
  await deliver(stage_changed, { jobs: ['parse', 'promote'] })

  screen.step('The same request comes again: nothing happens twice')
  await answer(stage_changed, 200)

  screen.step('Somebody who does not know the secret is turned away')
  await answer(wandbWebhook(PRODUCTION, { ...wandb, secret: 'a guess' }), 401)

  screen.step('An event that no automation wants is kept, and the answer says why it goes nowhere')
  await answer(wandbWebhook(CANDIDATE, wandb), 202)

  end(stage, screen)
}

/** Sends a webhook and shows what follows from it, all the way to the jobs. */
async function showDelivery(on: Scene, webhook: Webhook, { jobs }: Ending): Promise<void> {
  const { stage, screen, signal } = on
  const arrived = stage.github.dispatches.length
  await showAnswer(on, webhook, 202)
  const dispatch = await nextDispatch(stage.github, arrived, signal)
  const keys = Object.keys(dispatch.client_payload).length
  screen.row(
    'GitHub',
    `repository_dispatch ${dispatch.event_type} arrives at ${dispatch.repository}, with ${keys} keys`,
  )
  const { outputs, ran, skipped } = await followDispatch(dispatch)
  screen.row('Action', spoken(outputs))
  screen.row('jobs', `${ran.join(' and ')} run; ${skipped.join(' and ')} are skipped`, 'good')
  if (ran.join() !== jobs.join()) {
    throw new DemoProblem(`The jobs ${jobs.join(', ')} should have run.`)
  }
}

async function showAnswer(
  { stage, screen, signal }: Scene,
  webhook: Webhook,
  expected: number,
): Promise<void> {
  const { source, event, headers } = webhook
  const signature = headers.map(([name]) => name).find((name) => name.endsWith('-Signature')) ?? 'unsigned'
  screen.row('request', `POST /webhooks/${source} ${event}, ${signature}`)
  const answer = await sendWebhook(stage.receiver_url, webhook, signal)
  screen.row('receiver', `${answer.status} ${sentence(answer)}`, answer.status < 300 ? 'good' : 'refused')
  if (answer.status !== expected) {
    throw new DemoProblem(`The answer should have been ${expected}: ${JSON.stringify(answer.body)}`)
  }
}

function sentence({ body: { status, message } }: WebhookAnswer): string {
  return [status, message].filter((part) => typeof part === 'string').join(': ')
}

function spoken(outputs: Record<string, string>): string {
  const said = SHOWN_OUTPUTS.filter((name) => !SILENT.includes(outputs[name] ?? ''))
  const rest = Object.keys(outputs).length - said.length
  return `${said.map((name) => `${name}=${outputs[name] ?? ''}`).join(' ')} and ${rest} more outputs`
}

function end({ github }: Stage, screen: Screen): void {
  const [fault] = github.violations
  if (fault !== undefined) throw new DemoProblem(`The stand-in GitHub found fault with a request: ${fault}`)
  if (github.dispatches.length !== 3) {
    throw new DemoProblem(`Three dispatches should have arrived, not ${github.dispatches.length}.`)
  }
  screen.line('\nThree events, three dispatches, each once. Nothing of this stays on the machine.')
  screen.line('To click through what happened, in the page of the receiver: npm run demo -- --keep')
  screen.line(`Next: README.md says how to deploy; ${CONFIG} is a configuration to copy.`)
}
