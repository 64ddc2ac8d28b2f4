import { join } from 'node:path'
import { countsWhatIsKept, measureInTurn, type Contender } from '../contenders.ts'
import { NO_POSTGRES, startDatabases } from '../databases.ts'
import { row, type Bench, type Figures, type Line } from '../line.ts'
import { wandbScheme } from '../load/ring.ts'
import { CONNECTIONS, loader } from '../load/run.ts'
import { startCountingGitHub } from '../peers/github.ts'
import { startOptionalPeers } from '../peers/optional.ts'
import { startExpress } from '../peers/servers.ts'
import { countRows, oneAutomation, startReceiver, startWithoutStore } from '../receiver.ts'
import { medianRatio, spread } from '../statistics.ts'

const WANDB = wandbScheme('/webhooks/wandb')
const keepsNothing = () => undefined

/** Requests a second that are on the disk when they are answered, against servers that keep the same, and nothing. */
export const accept: Line = {
  name: 'accept',
  about:
    'durable accept, requests a second, against servers that keep the same and servers that keep nothing',
  long: false,
  run,
}

async function run(bench: Bench): Promise<Figures> {
  const github = await startCountingGitHub()
  const databases = await startDatabases()
  try {
    const matched = await ours(bench, 'matched', github.url)
    const unmatched = await ours(bench, 'unmatched', github.url)
    const without = await withoutStore(bench, github.url)
    const express = await bareExpress()
    const { peers, notes } = await startOptionalPeers(bench, (name) => {
      if (databases === null) throw new Error(NO_POSTGRES)
      return databases.create(name)
    })
    const contenders = [matched, unmatched, without, express, ...peers.map(({ contender }) => contender)]
    await measureInTurn(bench, contenders)
    for (const { stop } of contenders) await stop()
    return {
      rows: [
        against(without, express, 0.95),
        against(matched, express, 0.45),
        ...peers.map(({ contender, at_least }) => against(matched, contender, at_least)),
        against(unmatched, express, null),
        against(matched, without, null),
      ],
      notes: [
        `Accept: ${loader}, ${CONNECTIONS} kept-alive connections, W&B bodies of 0.4 KB that are all different, each server in a process of its own, all with the same signature check over the raw body; one automation that matches (an event and a delivery on the disk per request, sent on at 1 a second) or none that does; log at the default level to /dev/null. Each server was under load for 8 s before the first round. What a server keeps was counted after each load, and no answered request was missing.`,
        whoKeepsWhat(contenders),
        ...notes,
      ],
    }
  } finally {
    await databases?.stop()
    github.close()
  }
}

/** What is on the disk when each server answers. */
function whoKeepsWhat(contenders: readonly Contender[]): string {
  return [
    'Who keeps what before the answer:',
    ...contenders.map(({ title, keeps }) => `  - ${title}: ${keeps}.`),
  ].join('\n')
}

function against(mine: Contender, other: Contender, at_least: number | null) {
  return row(
    {
      what: `${mine.title}, against ${other.title}`,
      ours: spread(mine.rates, 'req/s'),
      other: spread(other.rates, 'req/s'),
    },
    medianRatio(mine.rates, other.rates),
    at_least === null ? null : { at_least },
  )
}

async function ours(bench: Bench, which: 'matched' | 'unmatched', github_url: string): Promise<Contender> {
  const folder = join(bench.folder, which)
  const matches = which === 'matched'
  const config = oneAutomation(matches ? 'production' : 'staging', 1)
  const server = await startReceiver({ folder, github_url, config })
  const title = matches ? 'durable accept' : 'durable accept (no automation matches)'
  return {
    title,
    keeps: `an event${matches ? ', a delivery' : ''} and what tells repeats and versions, in SQLite (WAL, synchronous=FULL), one transaction for all that arrive meanwhile`,
    server,
    scheme: WANDB,
    rates: [],
    check: countsWhatIsKept(title, () => {
      const { events, deliveries } = countRows(folder)
      if (deliveries !== (matches ? events : 0))
        throw new Error(`${events} events made ${deliveries} deliveries.`)
      return events
    }),
    stop: () => server.stop(),
  }
}

async function withoutStore({ folder }: Bench, github_url: string): Promise<Contender> {
  const server = await startWithoutStore({
    folder: join(folder, 'without'),
    github_url,
    config: oneAutomation('production', 1),
  })
  return {
    title: 'the same receiver without a store',
    keeps: 'nothing, though it verifies, matches, plans and logs as the receiver does',
    server,
    scheme: WANDB,
    rates: [],
    check: keepsNothing,
    stop: () => server.stop(),
  }
}

async function bareExpress(): Promise<Contender> {
  const server = await startExpress()
  return {
    title: 'Express, no store',
    keeps: 'nothing; verifies and parses',
    server,
    scheme: WANDB,
    rates: [],
    check: keepsNothing,
    stop: () => server.stop(),
  }
}
