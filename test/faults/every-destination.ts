import { stringify } from 'yaml'
import { createRandom } from '../scale/random.ts'
import { startTarget, type Target } from '../standins/target.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

/** Every kind of destination, with keys that reach the stand-ins; `THERE` is the address of the one for all services. */
const DESTINATIONS = {
  repository_dispatch: { repository: 'acme/serving' },
  workflow_dispatch: { repository: 'acme/serving', workflow: 'deploy.yml', ref: 'main' },
  webhook: { url: '${env:THERE}/webhook' },
  slack: { url: '${env:THERE}/slack' },
  teams: { url: '${env:THERE}/teams' },
  databricks_job: { workspace_url: 'THERE', job_id: 7, access_token: '${env:TOKEN}' },
  wandb_launch: {
    base_url: 'THERE',
    api_key: '${env:TOKEN}',
    queue_entity: 'my-team',
    queue: 'gpu',
    entity: 'my-team',
    project: 'model-eval',
    job: 'my-team/jobs/evaluate:latest',
    overrides: { run_config: { by: '${event_author}' } },
  },
} as const

/** A kind of destination. */
export type Kind = keyof typeof DESTINATIONS
export const KINDS = Object.keys(DESTINATIONS) as Kind[]

const PATHS = {
  webhook: '/webhook',
  slack: '/slack',
  teams: '/teams',
  databricks_job: '/api/2.2/jobs/run-now',
  wandb_launch: '/graphql',
} as const

/** What each service answers to what it takes. */
const ANSWERS: Readonly<Record<string, [status: number, body: string]>> = {
  '/webhook': [200, ''],
  '/slack': [200, 'ok'],
  '/teams': [202, ''],
  '/api/2.2/jobs/run-now': [200, '{"run_id":455644833}'],
  '/graphql': [200, '{"data":{"pushToRunQueueByName":{"runQueueItemId":"UnVuUXVldWVJdGVtOjE="}}}'],
}

/** A receiver with one automation for each kind of destination, all about one alias, and all that they reach. */
export class EveryDestination {
  readonly scene: Scene
  readonly there: Target
  /** Deliveries that were promised (202), by kind, with the number of their event. */
  readonly promised = new Map<string, { kind: Kind; n: number }>()

  private constructor(scene: Scene, there: Target) {
    this.scene = scene
    this.there = there
  }

  /** Starts it; `keys` are those of every automation. Each answer takes `slow_ms`. */
  static async start(keys: object, slow_ms: number): Promise<EveryDestination> {
    const there = await startTarget()
    there.answer((response, { path }) => {
      const [status, body] = ANSWERS[path] ?? [404, '']
      const headers = { 'content-type': path === '/slack' ? 'text/plain' : 'application/json' }
      setTimeout(() => response.writeHead(status, headers).end(body), slow_ms)
    })
    const automations = KINDS.map((type) => {
      const text = JSON.stringify({ type, ...DESTINATIONS[type] }).replaceAll('"THERE"', `"${there.url}"`)
      const destinations = [JSON.parse(text) as object]
      return {
        name: type,
        events: ['ADD_ARTIFACT_ALIAS'],
        filter: { alias: 'production' },
        ...keys,
        destinations,
      }
    })
    const sources = { wandb: { type: 'wandb', secrets: ['${env:WANDB_WEBHOOK_SECRET}'] } }
    const github = { main: { repositories: ['acme/*'], writes_per_second: 0 } }
    const scene = await startScene({
      config: stringify({ version: 1, sources, github, automations }),
      env: {
        THERE: there.url,
        TOKEN: 'token-of-the-tests',
        OUTBOUND_ALLOW_CIDRS: '127.0.0.1',
        OUTBOUND_ALLOW_HTTP: 'true',
      },
    })
    scene.github.failAlways({ kind: 'slow', ms: slow_ms })
    return new EveryDestination(scene, there)
  }

  /** Sends the event of this number. A receiver that is killed meanwhile promises nothing. */
  async send(n: number): Promise<void> {
    const body = aliasBody({ event_author: `by-${n}-`, artifact_version_index: String(n) })
    const answer = await sendWandb(this.scene.receiver.url, body).catch(() => null)
    if (answer?.status !== 202) return
    const matched = answer.body['matched'] as Kind[]
    const ids = answer.body['deliveries'] as string[]
    ids.forEach((id, i) => this.promised.set(id, { kind: matched[i] ?? 'webhook', n }))
  }

  /** The numbers of the events that arrived at a kind of destination, in their order; repeats count. */
  arrived(kind: Kind): number[] {
    return this.#texts(kind).map((text) => Number(/by-(\d+)-/.exec(text)?.[1] ?? NaN))
  }

  /** The tokens by which Databricks tells that a request is a repeat. */
  idempotencyTokens(): string[] {
    return this.#texts('databricks_job').map((text) =>
      String((JSON.parse(text) as Record<string, unknown>)['idempotency_token']),
    )
  }

  /** Every delivery's status, by its number, of one kind. */
  async statuses(kind: Kind): Promise<string[]> {
    const own = [...this.promised].filter(([, one]) => one.kind === kind).sort(([, a], [, b]) => a.n - b.n)
    const answers = await Promise.all(own.map(([id]) => this.scene.receiver.api(`/api/v1/deliveries/${id}`)))
    return answers.map(({ body }) => String(body['status']))
  }

  #texts(kind: Kind): string[] {
    const { github } = this.scene
    if (kind === 'repository_dispatch') return github.dispatches.map(({ body }) => body)
    if (kind === 'workflow_dispatch')
      return github.workflows.started.map(({ inputs }) => JSON.stringify(inputs))
    return this.there.arrived.filter(({ path }) => path === PATHS[kind]).map(({ body }) => body.toString())
  }

  async close(): Promise<void> {
    await this.scene.close()
    await this.there.close()
  }
}

/** What `killDuringDeliveries` is run with. */
export interface KillDeliveriesOptions {
  kills: number
  /** Events between two kills, each to every kind of destination. */
  events: number
  seed: number
  settle_ms: number
}

/**
 * Kills a receiver (`kill -9`) while it delivers to every kind of destination at once, and starts it again. Returns what
 * must not be: a promised delivery that did not arrive, one out of order, more repeats than kills, a second job.
 */
export async function killDuringDeliveries(
  options: KillDeliveriesOptions,
): Promise<{ says: string; problems: string[] }> {
  const { kills, events, seed, settle_ms } = options
  const random = createRandom(seed)
  const world = await EveryDestination.start({ order: 'strict', supersede: 'never' }, 40)
  try {
    let n = 0
    for (let kill = 0; kill < kills; kill++) {
      for (let i = 0; i < events; i++) await world.send(n++)
      await new Promise((resolve) => setTimeout(resolve, random.between(0, 120)))
      await world.scene.receiver.kill9()
      await world.scene.receiver.start()
    }
    const missing = () =>
      [...world.promised.values()].filter(({ kind, n: number }) => !world.arrived(kind).includes(number))
    await world.scene.receiver.waitFor(() => missing().length === 0, settle_ms).catch(() => undefined)
    const pending = async () =>
      (await world.scene.receiver.api('/api/v1/deliveries?status=pending&limit=1')).body['items'] as unknown[]
    await world.scene.receiver
      .waitFor(async () => (await pending()).length === 0, settle_ms)
      .catch(() => undefined)
    const problems = [
      ...missing().map(({ kind, n: number }) => `${kind}: event ${number} was promised and did not arrive`),
      ...KINDS.flatMap((kind) => problemsOf(kind, world.arrived(kind), kills)),
    ]
    const jobs = new Set(world.arrived('databricks_job')).size
    const tokens = new Set(world.idempotencyTokens()).size
    if (tokens !== jobs) problems.push(`databricks_job: ${tokens} idempotency tokens for ${jobs} jobs`)
    const repeats = KINDS.map((kind) => world.arrived(kind).length - new Set(world.arrived(kind)).size)
    const says = `${world.promised.size} deliveries of ${KINDS.length} kinds, ${kills} kills, repeats ${repeats.join(', ')}`
    return { says, problems }
  } finally {
    await world.close()
  }
}

/** One request of a subject is in flight at a time: each kill can have met one between its answer and its record. */
function problemsOf(kind: Kind, arrived: readonly number[], kills: number): string[] {
  const first = [...new Set(arrived)]
  const problems: string[] = []
  if (first.some((n, i) => n < (first[i - 1] ?? -1)))
    problems.push(`${kind}: out of order: ${first.join(' ')}`)
  const repeats = arrived.length - first.length
  if (repeats > kills) problems.push(`${kind}: ${repeats} repeats in ${kills} kills`)
  return problems
}
