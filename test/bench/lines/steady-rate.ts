import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ServerProcess } from '../children.ts'
import { warmUp } from '../contenders.ts'
import { row, type Bench, type Figures, type Line } from '../line.ts'
import { wandbScheme, writeRing } from '../load/ring.ts'
import { CONNECTIONS, sendLoad, type LoadResult } from '../load/run.ts'
import { startCountingGitHub } from '../peers/github.ts'
import { startExpress } from '../peers/servers.ts'
import { untilQuiet } from '../quiet.ts'
import { oneAutomation, startReceiver } from '../receiver.ts'
import { median, medianRatio, spread } from '../statistics.ts'

const WANDB = wandbScheme('/webhooks/wandb')
/** Our peak is the median of so many loads. */
const PEAKS = 3
const PEAK_SECONDS = 2

/** How long the slowest hundredth of requests takes while they come at a fixed rate. */
export const steadyRate: Line = {
  name: 'steady-rate',
  about: 'p99 of accept at half of our peak, against Express without a store',
  long: false,
  run,
}

async function run(bench: Bench): Promise<Figures> {
  const github = await startCountingGitHub()
  const folder = join(bench.folder, 'steady')
  const ours = await startReceiver({ folder, github_url: github.url, config: oneAutomation('production', 1) })
  const express = await startExpress()
  for (const server of [ours, express]) {
    await warmUp(bench, { title: server.name, server, scheme: WANDB, check: () => undefined })
  }
  const peak = await measurePeak(bench, ours)
  const rate = Math.floor(peak / 2)
  const latencies = { ours: [] as LoadResult[], express: [] as LoadResult[] }
  for (let round = 0; round < bench.rounds; round++) {
    const turns = [
      async () => latencies.ours.push(await load(bench, ours, bench.seconds, rate)),
      async () => latencies.express.push(await load(bench, express, bench.seconds, rate)),
    ]
    for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn()
  }
  await ours.stop()
  await express.stop()
  github.close()
  const p99 = (results: readonly LoadResult[]) => results.map((result) => result.p99 ?? NaN)
  const p50 = (results: readonly LoadResult[]) =>
    median(results.map((result) => result.p50 ?? NaN)).toFixed(1)
  return {
    rows: [
      row(
        {
          what: `p99 of durable accept at ${rate} req/s, against Express, no store`,
          ours: spread(p99(latencies.ours), 'ms', 1),
          other: spread(p99(latencies.express), 'ms', 1),
        },
        medianRatio(p99(latencies.ours), p99(latencies.express)),
        { at_most: 4 },
      ),
    ],
    notes: [
      `p99: requests due at fixed times on ${CONNECTIONS} connections, half of our peak of ${Math.round(peak)} req/s for both servers, timed from when each was due; an automation matches. p50: ours ${p50(latencies.ours)} ms, Express ${p50(latencies.express)} ms.`,
    ],
  }
}

async function measurePeak(bench: Bench, server: ServerProcess): Promise<number> {
  const rates: number[] = []
  for (let n = 0; n < PEAKS; n++) {
    const { answered, seconds } = await load(bench, server, PEAK_SECONDS, null)
    rates.push(answered / seconds)
  }
  return median(rates)
}

async function load(
  { folder, quiet_ms, say }: Bench,
  { name, port }: ServerProcess,
  seconds: number,
  rate: number | null,
): Promise<LoadResult> {
  const ring = join(folder, 'ring')
  writeRing(ring, WANDB)
  await untilQuiet(quiet_ms)
  const result = await sendLoad({ port, ring, seconds, rate })
  rmSync(ring)
  const p99 = result.p99 === null ? '' : `, p99 ${result.p99.toFixed(1)} ms`
  say(`  ${name}: ${Math.round(result.answered / result.seconds)} req/s${p99}`)
  return result
}
