import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { warmUp } from '../contenders.ts'
import type { ServerProcess } from '../children.ts'
import { row, type Bench, type Figures, type Line } from '../line.ts'
import { wandbScheme, writeRing } from '../load/ring.ts'
import { sendBurst } from '../load/run.ts'
import { startCountingGitHub } from '../peers/github.ts'
import { startExpress } from '../peers/servers.ts'
import { untilQuiet } from '../quiet.ts'
import { oneAutomation, startReceiver } from '../receiver.ts'
import { median, medianRatio, spread } from '../statistics.ts'

const WANDB = wandbScheme('/webhooks/wandb')
const REQUESTS = 10_000
const CONNECTIONS = 256
const MOST_SECONDS = 1.5

/** How long a burst takes until all of it is on the disk and answered. */
export const burst: Line = {
  name: 'burst',
  about: '10,000 webhooks on 256 connections at once, until all are on the disk and answered',
  long: false,
  run,
}

async function run(bench: Bench): Promise<Figures> {
  const github = await startCountingGitHub()
  const folder = join(bench.folder, 'burst')
  const ours = await startReceiver({ folder, github_url: github.url, config: oneAutomation('production', 1) })
  const express = await startExpress()
  for (const server of [ours, express]) {
    await warmUp(bench, { title: server.name, server, scheme: WANDB, check: () => undefined })
  }
  const seconds = { ours: [] as number[], express: [] as number[] }
  for (let round = 0; round < bench.rounds; round++) {
    const turns = [
      async () => seconds.ours.push(await burstOn(bench, ours)),
      async () => seconds.express.push(await burstOn(bench, express)),
    ]
    for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn()
  }
  await ours.stop()
  await express.stop()
  github.close()
  const what = 'a burst of 10,000 on 256 connections, all on the disk and answered'
  return {
    rows: [
      row(
        { what: what, ours: spread(seconds.ours, 's', 2), other: `${MOST_SECONDS} s` },
        median(seconds.ours) / MOST_SECONDS,
        {
          at_most: 1,
        },
      ),
      row(
        {
          what: `${what}, against Express, no store`,
          ours: spread(seconds.ours, 's', 2),
          other: spread(seconds.express, 's', 2),
        },
        medianRatio(seconds.ours, seconds.express),
        null,
      ),
    ],
    notes: [
      "Burst: every connection sends its next request when its last one is answered; the load's own process takes part of the two cores. An automation matches.",
    ],
  }
}

async function burstOn({ folder, quiet_ms, say }: Bench, { name, port }: ServerProcess): Promise<number> {
  const ring = join(folder, 'ring')
  writeRing(ring, WANDB, { count: REQUESTS })
  await untilQuiet(quiet_ms)
  const { seconds } = await sendBurst({ port, ring, connections: CONNECTIONS, requests: REQUESTS })
  rmSync(ring)
  say(`  ${name}: ${seconds.toFixed(2)} s`)
  return seconds
}
