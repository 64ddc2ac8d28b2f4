import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ServerProcess } from '../children.ts'
import { row, type Bench, type Figures, type Line } from '../line.ts'
import { githubScheme, wandbScheme, writeRing, type Scheme } from '../load/ring.ts'
import { CONNECTIONS, loader, sendLoad } from '../load/run.ts'
import { startCountingGitHub } from '../peers/github.ts'
import { startExpress, startProbot, startWebhook } from '../peers/servers.ts'
import { untilQuiet } from '../quiet.ts'
import { countRows, oneAutomation, startReceiver, startWithoutStore } from '../receiver.ts'
import { medianRatio, spread } from '../statistics.ts'

/** A server under load: what it answered a second in each round. */
interface Contender {
  title: string
  server: ServerProcess
  scheme: Scheme
  rates: number[]
  /** Throws when what was answered is not what the server kept. */
  check(answered: number): void
}

const WARM_UP_SECONDS = 2
const WANDB = wandbScheme('/webhooks/wandb')
const keepsNothing = () => undefined

/** Requests a second that are on the disk when they are answered, against servers that keep nothing. */
export const accept: Line = {
  name: 'accept',
  about: 'durable accept, requests a second, against servers that keep nothing',
  long: false,
  run,
}

async function run(bench: Bench): Promise<Figures> {
  const github = await startCountingGitHub()
  const matched = await ours(bench, 'matched', 'production', github.url)
  const unmatched = await ours(bench, 'unmatched', 'staging', github.url)
  const without: Contender = {
    title: 'the same receiver, nothing kept',
    server: await startWithoutStore({
      folder: join(bench.folder, 'without'),
      github_url: github.url,
      config: oneAutomation('production', 1),
    }),
    scheme: WANDB,
    rates: [],
    check: keepsNothing,
  }
  const express: Contender = {
    title: 'Express, no store',
    server: await startExpress(),
    scheme: WANDB,
    rates: [],
    check: keepsNothing,
  }
  const { peers, notes } = await optionalPeers(bench)
  const contenders = [matched, unmatched, without, express, ...peers.map(({ contender }) => contender)]
  bench.say('  warming up')
  for (const contender of contenders) await measure(bench, contender, WARM_UP_SECONDS)
  for (const contender of contenders) contender.rates = []
  bench.say('  measuring')
  for (let round = 0; round < bench.rounds; round++) {
    for (let i = 0; i < contenders.length; i++) {
      const contender = contenders[(round + i) % contenders.length]
      if (contender !== undefined) await measure(bench, contender, bench.seconds)
    }
  }
  for (const { server } of contenders) await server.stop()
  github.close()
  const against = (mine: Contender, other: Contender, at_least: number | null) =>
    row(
      `durable accept (${mine.title}), against ${other.title}`,
      spread(mine.rates, 'req/s'),
      spread(other.rates, 'req/s'),
      medianRatio(mine.rates, other.rates),
      at_least === null ? null : { at_least },
    )
  return {
    rows: [
      against(matched, express, 0.9),
      against(unmatched, express, 0.9),
      against(matched, without, null),
      ...peers.map(({ contender, at_least }) => against(matched, contender, at_least)),
    ],
    notes: [
      `Accept: ${loader}, ${CONNECTIONS} kept-alive connections, W&B bodies of 0.4 KB that are all different, each server in a process of its own; one automation that matches (an event and a delivery on the disk per request, sent on at 1 a second) or none that does; log at the default level to /dev/null. Every answered request was found on the disk after each round.`,
      ...notes,
    ],
  }
}

async function ours(bench: Bench, title: string, alias: string, github_url: string): Promise<Contender> {
  const folder = join(bench.folder, title)
  const server = await startReceiver({ folder, github_url, config: oneAutomation(alias, 1) })
  let before = 0
  return {
    title: title === 'matched' ? 'an automation matches' : 'none matches',
    server,
    scheme: WANDB,
    rates: [],
    check(answered) {
      const { events, deliveries } = countRows(folder)
      const expected = title === 'matched' ? events : 0
      if (events - before < answered || deliveries !== expected) {
        throw new Error(`${answered} requests were answered, ${events - before} events are on the disk.`)
      }
      before = events
    },
  }
}

/** Those that may be missing on a machine; a note says how to get each. */
async function optionalPeers({ folder, say }: Bench) {
  const peers: { contender: Contender; at_least: number }[] = []
  const notes: string[] = []
  for (const { title, start, at_least, path, missing } of OPTIONAL) {
    try {
      const server = await start(folder)
      const contender = { title, server, scheme: githubScheme(path), rates: [], check: keepsNothing }
      peers.push({ contender, at_least })
    } catch (error) {
      say(`${title} is skipped: ${error instanceof Error ? error.message : String(error)}`)
      notes.push(`Not compared with ${title}: ${missing}`)
    }
  }
  return { peers, notes }
}

const OPTIONAL = [
  {
    title: "Probot's middleware",
    start: startProbot,
    at_least: 1.3,
    path: '/',
    missing: '`npm install probot` did not work here.',
  },
  {
    title: 'adnanh/webhook',
    start: startWebhook,
    at_least: 3,
    path: '/hooks/promoted',
    missing: '`sudo apt-get install -y webhook` installs it on Debian and Ubuntu.',
  },
]

async function measure({ folder, say }: Bench, contender: Contender, seconds: number): Promise<void> {
  const ring = join(folder, 'ring')
  writeRing(ring, contender.scheme)
  await untilQuiet()
  const result = await sendLoad({ port: contender.server.port, ring, seconds, rate: null })
  rmSync(ring)
  contender.check(result.answered)
  const rate = result.answered / result.seconds
  contender.rates.push(rate)
  say(`  ${contender.title}: ${Math.round(rate)} req/s`)
}
