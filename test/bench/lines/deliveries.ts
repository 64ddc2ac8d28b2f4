import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerProcess } from '../children.ts'
import { row, type Bench, type Figures, type Line, type Row } from '../line.ts'
import { wandbScheme, writeRing } from '../load/ring.ts'
import { CONNECTIONS, sendBurst } from '../load/run.ts'
import { startCountingGitHub, type CountingGitHub } from '../peers/github.ts'
import { untilQuiet } from '../quiet.ts'
import { LANES, manyLanes, nameInLane, startReceiver } from '../receiver.ts'
import { median, medianRatio, spread } from '../statistics.ts'

const WANDB = wandbScheme('/webhooks/wandb')
/** Webhooks of one round: more than are delivered while they are taken in. */
const REQUESTS = 12_000
const AT_LEAST = 3_000
const LOOK_EVERY_MS = 5
const LONGEST_MS = 300_000

/** A receiver and the GitHub that counts what it sends. */
interface Drained {
  title: string
  server: ServerProcess
  github: CountingGitHub
  rates: number[]
}

/** How fast what waits is delivered when no pace holds it back. */
export const deliveries: Line = {
  name: 'deliveries',
  about: 'deliveries a second over 16 lanes without a pace, once all webhooks are answered',
  long: false,
  run,
}

async function run(bench: Bench): Promise<Figures> {
  const ours = await start('receiver', join(bench.folder, 'deliveries'))
  const before =
    bench.baseline === null ? null : await start('baseline', join(bench.folder, 'before'), bench.baseline)
  const all = before === null ? [ours] : [ours, before]
  bench.say('  warming up')
  for (const drained of all) await drain(bench, drained)
  for (const drained of all) drained.rates = []
  for (let round = 0; round < bench.rounds; round++) {
    for (const drained of round % 2 === 0 ? all : [...all].reverse()) await drain(bench, drained)
  }
  for (const { server, github } of all) {
    await server.stop()
    github.close()
  }
  const text = spread(ours.rates, '/s')
  const rows: Row[] = [
    row(
      {
        what: `deliveries a second, ${LANES} lanes, no pace`,
        ours: text,
        other: `${AT_LEAST.toLocaleString('en')} /s`,
      },
      median(ours.rates) / AT_LEAST,
      { at_least: 1 },
    ),
  ]
  if (before !== null) {
    const ratio = medianRatio(ours.rates, before.rates)
    rows.push(
      row({ what: 'the same, against the baseline', ours: text, other: spread(before.rates, '/s') }, ratio, {
        at_least: 3,
      }),
    )
  }
  return {
    rows,
    notes: [
      `Deliveries: ${REQUESTS.toLocaleString('en')} webhooks a round, as fast as they are answered; measured from the last answer until the last dispatch has arrived. Each of ${LANES} GitHub users is a lane with one request under way at a time; the stand-in answers at once and shares the cores.`,
    ],
  }
}

async function start(title: string, folder: string, root?: string): Promise<Drained> {
  const github = await startCountingGitHub()
  const options = { folder, github_url: github.url, config: manyLanes() }
  const server = await startReceiver(root === undefined ? options : { ...options, root })
  return { title, server, github, rates: [] }
}

async function drain(
  { folder, quiet_ms, say }: Bench,
  { title, server, github, rates }: Drained,
): Promise<void> {
  const ring = join(folder, 'ring')
  writeRing(ring, WANDB, { count: REQUESTS, name: (number, n) => nameInLane(`${number}-${n}`, n) })
  await untilQuiet(quiet_ms)
  const all = github.dispatches + REQUESTS
  await sendBurst({ port: server.port, ring, connections: CONNECTIONS, requests: REQUESTS })
  rmSync(ring)
  const waiting = all - github.dispatches
  const began = performance.now()
  while (github.dispatches < all) {
    if (performance.now() - began > LONGEST_MS)
      throw new Error(`${all - github.dispatches} were not delivered.`)
    await sleep(LOOK_EVERY_MS)
  }
  const rate = (waiting * 1_000) / (performance.now() - began)
  rates.push(rate)
  say(`  ${title}: ${Math.round(rate)} deliveries/s of ${waiting} that waited`)
}
