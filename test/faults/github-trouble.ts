import type { AnswerName } from '../standins/github/real-answers.ts'
import { startGitHub, type Failure, type StandInGitHub } from '../standins/github/index.ts'
import { ReceiverProcess } from '../support/receiver-process.ts'
import { aliasBody, sendWandb, WANDB_SECRET } from '../support/send.ts'
import { judge, type Dispatched, type Kept, type Sent, type Verdict } from '../support/verdict.ts'

/** A way in which GitHub is in trouble for its next so many dispatches, and what must come of it. */
export interface Trouble {
  name: string
  failure: Failure
  times: number
  /** `waits`: all are dispatched by themselves; `dead letters`: once somebody has redelivered them. */
  then: 'waits' | 'dead letters'
  /** Dispatches that GitHub took though nobody heard so. */
  acted: number
}

const answer = (name: AnswerName): Failure => ({ kind: 'answer', name })
const waits = (name: string, failure: Failure, times = 1, acted = 0): Trouble => ({
  name,
  failure,
  times,
  then: 'waits',
  acted,
})
const dies = (name: AnswerName): Trouble => ({
  name,
  failure: answer(name),
  times: 2,
  then: 'dead letters',
  acted: 0,
})

/** Troubles that are over within seconds. */
export const shortTroubles = (): Trouble[] => [
  ...(
    [
      'bad-request',
      'bad-version',
      'missing-permission-app',
      'missing-permission-token',
      'single-sign-on',
      'archived',
      'ip-allow-list',
      'no-user-agent',
      'not-found',
      'gone',
      'too-large',
      'too-many-keys',
      'validation-failed',
      'blocked-by-law',
      'teapot',
      'moved-elsewhere',
      'moved-nowhere',
      'moved-in-a-circle',
      'sign-in-page',
    ] as const
  ).map(dies),
  ...(['request-timeout', 'server-error', 'bad-gateway', 'gateway-timeout'] as const).map((name) =>
    waits(name, answer(name)),
  ),
  waits('reset', { kind: 'reset' }),
  waits('lost', { kind: 'lost' }, 1, 1),
  waits('slow', { kind: 'slow', ms: 2_000 }, 3),
  waits('a limit for a second', limitFor(1)),
  waits('a limit whose end is no whole second', limitUntil(6)),
  waits('a body that no store can hold', { kind: 'custom', status: 500, body: '\0\ud800 <oops>' }),
]

/** Troubles that take a minute or more: pauses of a lane, and attempts that are given up after 15 s. */
export const longTroubles = (): Trouble[] => [
  ...(
    [
      'secondary-limit-403',
      'secondary-limit-429',
      'secondary-limit-retry-after',
      'abuse-limit',
      'bad-credentials',
      'app-suspended',
      'account-suspended',
      'unavailable',
    ] as const
  ).map((name) => waits(name, answer(name))),
  waits('a primary limit', limitUntil(45)),
  waits('a limit that is met again when it should be over', limitFor(1), 2),
  waits('hang', { kind: 'hang' }),
  waits('trickle', { kind: 'trickle', ms: 200 }),
  waits('an outage', answer('bad-gateway'), 8),
]

/** A limit that names so many seconds. */
function limitFor(seconds: number): Failure {
  return { kind: 'custom', status: 429, headers: { 'retry-after': String(seconds) } }
}

/** A primary limit whose reset is so many seconds away, in fractions as no clock of GitHub's has them. */
function limitUntil(seconds: number): Failure {
  const reset = (Date.now() / 1_000 + seconds).toFixed(4)
  return {
    kind: 'custom',
    status: 403,
    headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset },
  }
}

const MODELS = 3
const VERSIONS = 3
const BETWEEN_MS = 250
const POLL_MS = 200

/** Every trouble at a GitHub of its own, all behind one receiver; gives a verdict by trouble. */
export async function meetTroubles(
  troubles: readonly Trouble[],
  options: { database: string | null; settle_ms: number },
): Promise<Map<string, Verdict>> {
  const limits = { enabled: false }
  const hubs = await Promise.all(troubles.map((_, i) => startGitHub({ limits, validate: i === 0 })))
  const receiver = new ReceiverProcess({
    config: configFor(hubs),
    github_url: hubs[0]?.url ?? '',
    env: {
      WANDB_WEBHOOK_SECRET: WANDB_SECRET,
      TOKEN: 'ghp_tokenOfTheTroubles01',
      ...(options.database === null ? {} : { DATABASE_URL: options.database }),
    },
  })
  try {
    await receiver.start()
    hubs.forEach((hub, i) => {
      const { failure, times } = troubles[i] ?? { failure: { kind: 'reset' }, times: 0 }
      hub.failNext(failure, { times, operation: 'dispatch' })
    })
    const sent = await sendAll(receiver.url, troubles.length)
    await settle(receiver, options.settle_ms)
    const { body } = await receiver.api('/api/v1/deliveries/redeliver?status=failed&all=true', {
      method: 'POST',
    })
    if (typeof body['redelivered'] !== 'number') throw new Error(`Not redelivered: ${JSON.stringify(body)}`)
    await settle(receiver, options.settle_ms)
    const kept = await allDeliveries(receiver)
    return new Map(
      troubles.map((trouble, i) => [
        trouble.name,
        verdictOn(trouble, hubs[i] as StandInGitHub, sent[i] ?? [], kept),
      ]),
    )
  } finally {
    await receiver.remove()
    await Promise.all(hubs.map((hub) => hub.close()))
  }
}

/** One connection, and so one lane, for each. */
function configFor(hubs: readonly StandInGitHub[]): string {
  const connections = hubs.map(
    ({ url }, i) =>
      `  hub-${i}: { api_url: '${url}', token: '\${env:TOKEN}', repositories: ['acme/*'], writes_per_second: 0 }`,
  )
  const automations = hubs.map(
    (_, i) => `  - name: deploy-${i}
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production, model: hub-${i}-* }
    destinations: [{ type: repository_dispatch, connection: hub-${i}, repository: acme/serving }]`,
  )
  return `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
github:
${connections.join('\n')}
automations:
${automations.join('\n')}
`
}

/** Some versions of some models to each; gives what was sent, by hub. */
async function sendAll(url: string, hubs: number): Promise<Sent[][]> {
  const sent: Sent[][] = Array.from({ length: hubs }, () => [])
  for (let version = 1; version <= VERSIONS; version++) {
    for (let n = 0; n < MODELS; n++) {
      await Promise.all(
        sent.map(async (list, hub) => {
          const model = `hub-${hub}-model-${n}`
          const body = aliasBody({ artifact_collection_name: model, artifact_version_index: String(version) })
          const { status, body: answered } = await sendWandb(url, body)
          const outcome = status === 202 ? 'accepted' : 'refused'
          list.push({ model, version, outcome, event_id: String(answered['event_id']) })
        }),
      )
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS))
    }
  }
  return sent
}

async function settle(receiver: ReceiverProcess, ms: number): Promise<void> {
  const open = async (status: string) => {
    const { body } = await receiver.api(`/api/v1/deliveries?status=${status}&limit=1`)
    return (body['items'] as unknown[]).length
  }
  const until = Date.now() + ms
  while ((await open('pending')) + (await open('delivering')) > 0 && Date.now() < until)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
}

async function allDeliveries(receiver: ReceiverProcess): Promise<Kept[]> {
  const all: Kept[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const page = await receiver.api(`/api/v1/deliveries?limit=200${cursor === '' ? '' : `&cursor=${cursor}`}`)
    all.push(...(page.body['items'] as Kept[]))
    cursor = page.body['next_cursor'] as string | null
  }
  return all
}

function verdictOn(
  trouble: Trouble,
  hub: StandInGitHub,
  sent: readonly Sent[],
  kept: readonly Kept[],
): Verdict {
  const events = new Set(sent.map(({ event_id }) => event_id))
  // What a newer success has made stale stays a dead letter when the others are redelivered: it gave way.
  const own = kept
    .filter(({ event_id }) => events.has(event_id))
    .map((one) =>
      trouble.then === 'dead letters' && one.status === 'failed' ? { ...one, status: 'superseded' } : one,
    )
  return judge({
    sent,
    dispatched: hub.dispatches.map(dispatchedOf),
    kept: own,
    violations: hub.violations,
    duplicates_allowed: trouble.acted,
  })
}

function dispatchedOf({ client_payload }: { client_payload: Record<string, unknown> }): Dispatched {
  const { id, delivery_id, model } = client_payload['model_event'] as {
    id: string
    delivery_id: string
    model: { name: string; version: string }
  }
  return { event_id: id, delivery_id, model: model.name, version: Number(model.version.slice(1)) }
}
