import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ServerProcess } from './children.ts'
import type { Bench } from './line.ts'
import { writeRing, type Scheme } from './load/ring.ts'
import { sendLoad } from './load/run.ts'
import { untilQuiet } from './quiet.ts'

/** A server under load. */
export interface Contender {
  title: string
  /** What is on the disk when it answers, in plain words. */
  keeps: string
  server: ServerProcess
  scheme: Scheme
  /** Requests that it answered a second, in each round. */
  rates: number[]
  /** Throws when what was answered is not what the server kept. */
  check: (answered: number) => void | Promise<void>
  /** Starts the server anew after each load, where it would go on with what it has answered beside the next load. */
  renew?: () => Promise<ServerProcess>
  stop: () => Promise<void>
}

/** Two loads, so that no ring of requests comes round: V8 still gets faster in the fourth second. */
const WARM_UPS = 2
const WARM_UP_SECONDS = 4

/** Loads every server for 8 s, then measures each in every round, in turn; which one begins changes from round to round. */
export async function measureInTurn(bench: Bench, contenders: readonly Contender[]): Promise<void> {
  bench.say('  warming up')
  for (const contender of contenders) {
    await warmUp(bench, contender)
    await renew(contender)
  }
  bench.say('  measuring')
  for (let round = 0; round < bench.rounds; round++) {
    for (let i = 0; i < contenders.length; i++) {
      const contender = contenders[(round + i) % contenders.length]
      if (contender === undefined) continue
      contender.rates.push(await rateOf(bench, contender, bench.seconds))
      await renew(contender)
    }
  }
}

async function renew(contender: Contender): Promise<void> {
  if (contender.renew !== undefined) contender.server = await contender.renew()
}

/** Loads a server for 8 s. */
export async function warmUp(
  bench: Bench,
  contender: Pick<Contender, 'title' | 'server' | 'scheme' | 'check'>,
): Promise<void> {
  for (let n = 0; n < WARM_UPS; n++) await rateOf(bench, contender, WARM_UP_SECONDS)
}

async function rateOf(
  { folder, quiet_ms, say }: Bench,
  { title, server, scheme, check }: Pick<Contender, 'title' | 'server' | 'scheme' | 'check'>,
  seconds: number,
): Promise<number> {
  const ring = join(folder, 'ring')
  writeRing(ring, scheme)
  await untilQuiet(quiet_ms)
  const result = await sendLoad({ port: server.port, ring, seconds, rate: null })
  rmSync(ring)
  await check(result.answered)
  const rate = result.answered / result.seconds
  say(`  ${title}: ${Math.round(rate)} req/s`)
  return rate
}

/** A check that compares what was answered with how many a server says it has kept, since the last one. */
export function countsWhatIsKept(title: string, kept: () => number | Promise<number>): Contender['check'] {
  let before = 0
  return async (answered) => {
    const now = await kept()
    if (now - before < answered) {
      throw new Error(`${title}: ${answered} requests were answered, ${now - before} events are on the disk.`)
    }
    before = now
  }
}
