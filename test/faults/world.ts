import { ReceiverProcess } from '../support/receiver-process.ts'
import { DEPLOY_CONFIG } from '../support/scene.ts'
import { WANDB_SECRET } from '../support/send.ts'
import { judge, type Kept, type Sent, type Verdict } from '../support/verdict.ts'
import type { StandInOptions } from '../standins/github/index.ts'
import { GitHubProcess } from './github-process.ts'

export interface WorldOptions {
  /** A database for all receivers, or null: SQLite, and one receiver. */
  database: string | null
  replicas?: number
  config?: string
  github?: StandInOptions
  /** DATA_DIR of the receiver. */
  data_dir?: string
  env?: Readonly<Record<string, string>>
}

/** A GitHub and receivers, each a process of its own. */
export class World {
  readonly github: GitHubProcess
  readonly receivers: readonly ReceiverProcess[]
  /** Receivers that are not to be asked, because they are down or stopped. */
  readonly away = new Set<ReceiverProcess>()

  private constructor(github: GitHubProcess, receivers: readonly ReceiverProcess[]) {
    this.github = github
    this.receivers = receivers
  }

  static async start(options: WorldOptions): Promise<World> {
    const { database, replicas = 1, config = DEPLOY_CONFIG, data_dir, env = {} } = options
    const github = await GitHubProcess.start(options.github)
    const receivers = Array.from(
      { length: replicas },
      () =>
        new ReceiverProcess({
          config,
          github_url: github.url,
          ...(data_dir === undefined ? {} : { data_dir }),
          env: {
            WANDB_WEBHOOK_SECRET: WANDB_SECRET,
            ...(database === null ? {} : { DATABASE_URL: database }),
            ...env,
          },
        }),
    )
    const world = new World(github, receivers)
    try {
      await Promise.all(receivers.map((receiver) => receiver.start()))
      return world
    } catch (error) {
      await world.close()
      throw error
    }
  }

  /** Where webhooks can be sent now. */
  urls(): string[] {
    return this.receivers
      .filter((receiver) => receiver.running && !this.away.has(receiver))
      .map(({ url }) => url)
  }

  /** Ends a receiver at once, in the middle of whatever it does, and starts another on the same store. */
  async killAndRestart(receiver: ReceiverProcess, down_ms = 0): Promise<void> {
    this.away.add(receiver)
    await receiver.kill9()
    if (down_ms > 0) await new Promise((resolve) => setTimeout(resolve, down_ms))
    await receiver.start()
    this.away.delete(receiver)
  }

  /** Waits until no event waits for a look-up and no delivery is unfinished. */
  async settle(ms: number): Promise<void> {
    const [receiver] = this.receivers.filter((one) => one.running && !this.away.has(one))
    if (receiver === undefined) throw new Error('No receiver runs.')
    const open = async (what: string) => {
      const { body } = await receiver.api(`/api/v1/${what}&limit=1`)
      return (body['items'] as unknown[]).length > 0
    }
    const isOpen = async () =>
      (await open('events?status=enriching')) ||
      (await open('deliveries?status=pending')) ||
      (await open('deliveries?status=delivering'))
    const until = Date.now() + ms
    while ((await isOpen()) && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 50))
  }

  /** All deliveries in the store. */
  async kept(): Promise<Kept[]> {
    const [receiver] = this.receivers.filter((one) => one.running && !this.away.has(one))
    const all: Kept[] = []
    for (let cursor: string | null = ''; cursor !== null && receiver !== undefined;) {
      const page = await receiver.api(
        `/api/v1/deliveries?limit=200${cursor === '' ? '' : `&cursor=${cursor}`}`,
      )
      all.push(...(page.body['items'] as Kept[]))
      cursor = page.body['next_cursor'] as string | null
    }
    return all
  }

  /** What a load came to; waits for the rest of it before. */
  async judge(
    sent: readonly Sent[],
    options: { duplicates_allowed: number; refused_may_be_stored?: boolean; settle_ms: number },
  ): Promise<Verdict> {
    const { settle_ms, ...allowed } = options
    await this.settle(settle_ms)
    return judge({
      sent,
      dispatched: await this.github.dispatched(),
      kept: await this.kept(),
      violations: await this.github.violations(),
      ...allowed,
    })
  }

  async close(): Promise<void> {
    await Promise.all(this.receivers.map((receiver) => receiver.remove()))
    await this.github.close()
  }
}
