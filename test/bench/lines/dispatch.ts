import { createHmac } from 'node:crypto'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { row, type Bench, type Figures, type Line } from '../line.ts'
import { promotion, SECRET } from '../load/ring.ts'
import { startCountingGitHub } from '../peers/github.ts'
import { startForwarder } from '../peers/servers.ts'
import { oneAutomation, startReceiver } from '../receiver.ts'
import { median, quantile } from '../statistics.ts'

const SAMPLES = 200
const WARM_UP = 50
/** Between two webhooks, ms: each finds everything idle. */
const PAUSE_MS = 40
const LONGEST_MS = 10_000

/** How long a webhook takes to become a dispatch while nothing else happens. */
export const dispatch: Line = {
  name: 'dispatch',
  about: 'webhook in -> dispatch arrives, idle, against an in-memory forwarder',
  long: false,
  run,
}

async function run(bench: Bench): Promise<Figures> {
  let arrived: () => void = () => undefined
  const github = await startCountingGitHub(() => arrived())
  const config = oneAutomation('production', 0)
  const ours = await startReceiver({ folder: join(bench.folder, 'dispatch'), github_url: github.url, config })
  const forwarder = await startForwarder(github.url)
  const agent = new Agent({ keepAlive: true })
  const times = new Map([ours, forwarder].map((server) => [server, [] as number[]]))
  for (let n = -WARM_UP; n < SAMPLES; n++) {
    for (const [{ port }, samples] of times) {
      const arrival = new Promise<number>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error('A dispatch did not arrive.')), LONGEST_MS)
        arrived = () => {
          clearTimeout(late)
          resolve(performance.now())
        }
      })
      const body = Buffer.from(JSON.stringify(promotion(`model-${n}`)))
      const began = performance.now()
      post(agent, port, body)
      const took = (await arrival) - began
      if (n >= 0) samples.push(took)
      await sleep(PAUSE_MS)
    }
  }
  agent.destroy()
  await ours.stop()
  await forwarder.stop()
  github.close()
  const [mine = [], others = []] = times.values()
  const text = (samples: readonly number[]) =>
    `${median(samples).toFixed(2)} ms (p95 ${quantile(samples, 0.95).toFixed(1)})`
  return {
    rows: [
      row(
        {
          what: 'webhook in to dispatch out, idle, against an in-memory forwarder',
          ours: text(mine),
          other: text(others),
        },
        median(mine) / median(others),
        { at_most: 2.5 },
      ),
    ],
    notes: [
      `Webhook to dispatch: medians of ${SAMPLES} webhooks each, one at a time and in turn, from the sending of the webhook until the dispatch's head is there; writes_per_second: 0. Ours is on the disk twice by then: the event, and the claim.`,
    ],
  }
}

function post(agent: Agent, port: number, body: Buffer): void {
  const signature = createHmac('sha256', SECRET).update(body).digest('base64')
  const headers = {
    'content-type': 'application/json',
    'content-length': body.length,
    'x-wandb-signature': signature,
  }
  const url = `http://127.0.0.1:${port}/webhooks/wandb`
  request(url, { method: 'POST', headers, agent }, (response) => response.resume()).end(body)
}
