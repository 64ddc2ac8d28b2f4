/**
 * Measures what look-ups in a bad registry cost a sender: `node test/lookups/measure.ts [events] [models] [per second]`.
 *
 * Two receivers, one with look-ups and one without, each with its own GitHub, get the same webhooks side by side, at a
 * fixed rate and in turns: what else the machine does meets both. By default this is 10,000 events to each in three
 * minutes, and then up to a few more until the last look-up is over. On loopback alone.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { World } from '../faults/world.ts'
import { sendWandb } from '../support/send.ts'
import { badRegistryConfig, bodyOf, byModel, lookedUp, type Arrived, type Load } from './bad-registry.ts'
import { OPEN } from './scene.ts'

/** The longest that look-ups and dispatches may go on after the last webhook, in ms. */
const SETTLE_MS = 600_000

const [events = 10_000, models = 500, per_second = 60] = process.argv.slice(2).map(Number)
const load: Load = { events, models }
/** How many answers were 503. */
const turned_away = new Map<World, number>()

const registry = spawn(
  process.execPath,
  [join(import.meta.dirname, 'bad-wandb.ts'), String(events), String(models)],
  { stdio: ['ignore', 'pipe', 'inherit'] },
)
const [line] = (await once(registry.stdout, 'data')) as [Buffer]
const config = badRegistryConfig(line.toString().trim())
const open = (text: string) => World.start({ database: null, config: text, env: OPEN })
const [plain, asking] = [await open(config.replace(/^ {4}lookup:.*\n/m, '')), await open(config)]
try {
  const waits = await sendPairs(plain, asking)
  report('without look-ups', waits.plain)
  report('with look-ups', waits.asking)
  for (const share of [0.5, 0.9, 0.99])
    console.log(`ratio at p${share * 100}: ${(at(waits.asking, share) / at(waits.plain, share)).toFixed(2)}`)
  for (const [name, world] of [['without look-ups', plain] as const, ['with look-ups', asking] as const]) {
    await world.settle(SETTLE_MS)
    console.log(name, JSON.stringify(await judge(world)))
  }
} finally {
  await Promise.all([plain.close(), asking.close()])
  registry.kill('SIGTERM')
}

/** Sends every webhook to both, the events of a model one after the other. Returns how long each 202 took, in ms. */
async function sendPairs(first: World, second: World): Promise<{ plain: number[]; asking: number[] }> {
  const took: { plain: number[]; asking: number[] } = { plain: [], asking: [] }
  const last = new Map<number, Promise<void>>()
  const began = performance.now()
  const sendBoth = async (n: number) => {
    const turns = [[first, took.plain] as const, [second, took.asking] as const]
    for (const [world, into] of n % 2 === 0 ? turns : turns.toReversed()) into.push(await sendOne(world, n))
  }
  for (let n = 0; n < events; n++) {
    const wait = began + (n / per_second) * 1_000 - performance.now()
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
    const model = n % models
    const sent = (last.get(model) ?? Promise.resolve()).then(() => sendBoth(n))
    // Told at the end.
    sent.catch(() => undefined)
    last.set(model, sent)
  }
  await Promise.all(last.values())
  return took
}

/**
 * Sends it until it is taken: on a busy machine a store may keep a webhook waiting for longer than is allowed. One that
 * was stored after its 503 is a duplicate then.
 */
async function sendOne(world: World, n: number): Promise<number> {
  for (;;) {
    const began = performance.now()
    const { status } = await sendWandb(world.urls()[0] ?? '', bodyOf(n, load))
    if (status === 202 || status === 200) return performance.now() - began
    if (status !== 503) throw new Error(`answered ${status}`)
    turned_away.set(world, (turned_away.get(world) ?? 0) + 1)
  }
}

function at(waits: readonly number[], share: number): number {
  return waits.toSorted((a, b) => a - b)[Math.floor((waits.length - 1) * share)] ?? NaN
}

function report(name: string, waits: readonly number[]): void {
  const figures = [0.5, 0.9, 0.99, 1].map((share) => `p${share * 100} ${at(waits, share).toFixed(1)} ms`)
  console.log(`${name}: ${waits.length} answers of 202, ${figures.join(', ')}`)
}

/** The dispatches that arrived at GitHub. */
async function judge(world: World) {
  const arrived = (await world.github.dispatches()).map(
    ({ client_payload }) => client_payload['model_event'] as Arrived,
  )
  const orders = [...byModel(arrived).values()]
  const out_of_order = orders.flatMap((numbers) =>
    numbers.filter((n, i) => i > 0 && n < (numbers[i - 1] ?? n)),
  ).length
  // Lost, or still on its way where that took too long.
  const not_arrived = events - new Set(arrived.map(({ extra }) => extra.n)).size
  const answers_503 = turned_away.get(world) ?? 0
  return {
    answers_503,
    dispatched: arrived.length,
    not_arrived,
    out_of_order,
    matched_with_answer: lookedUp(arrived),
  }
}
