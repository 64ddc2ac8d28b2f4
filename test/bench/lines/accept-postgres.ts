import { join } from 'node:path'
import { countsWhatIsKept, measureInTurn, type Contender } from '../contenders.ts'
import { NO_POSTGRES, startDatabases, type Databases } from '../databases.ts'
import { row, type Bench, type Figures, type Line, type Row } from '../line.ts'
import { wandbScheme } from '../load/ring.ts'
import { countIn, startExpressPg } from '../peers/durable.ts'
import { startCountingGitHub } from '../peers/github.ts'
import { oneAutomation, startReceiver } from '../receiver.ts'
import { medianRatio, spread } from '../statistics.ts'

const WANDB = wandbScheme('/webhooks/wandb')

/** The same as `accept`, on PostgreSQL. */
export const acceptPostgres: Line = {
  name: 'accept-postgres',
  about: 'durable accept on PostgreSQL, against the receiver of --baseline and against Express + pg',
  long: false,
  run,
}

async function run(bench: Bench): Promise<Figures> {
  const databases = await startDatabases()
  if (databases === null)
    return { rows: [], notes: [`Accept was not measured on PostgreSQL. ${NO_POSTGRES}`] }
  const github = await startCountingGitHub()
  try {
    const ours = await receiverOn(bench, databases, { name: 'ours', github_url: github.url })
    const before =
      bench.baseline === null
        ? null
        : await receiverOn(bench, databases, { name: 'before', github_url: github.url, root: bench.baseline })
    const peer = await startExpressPg(databases.create('peer'))
    const express: Contender = {
      title: 'Express + pg, one insert per request',
      keeps: 'an event and a delivery',
      server: peer.server,
      scheme: WANDB,
      rates: [],
      check: countsWhatIsKept('Express + pg', peer.kept),
      stop: peer.stop,
    }
    const contenders = [ours, express, ...(before === null ? [] : [before])]
    await measureInTurn(bench, contenders)
    for (const { stop } of contenders) await stop()
    const against = (other: Contender, at_least: number | null): Row =>
      row(
        {
          what: `durable accept on PostgreSQL, against ${other.title}`,
          ours: spread(ours.rates, 'req/s'),
          other: spread(other.rates, 'req/s'),
        },
        medianRatio(ours.rates, other.rates),
        at_least === null ? null : { at_least },
      )
    return {
      rows: [...(before === null ? [] : [against(before, 3)]), against(express, null)],
      notes: [
        'PostgreSQL: one server as Debian configures it, on the same two cores, one database for each.',
        ...(before === null ? ['PostgreSQL against before: name a checkout with `--baseline DIR`.'] : []),
      ],
    }
  } finally {
    await databases.stop()
    github.close()
  }
}

async function receiverOn(
  { folder }: Bench,
  databases: Databases,
  { name, ...where }: { name: 'ours' | 'before'; github_url: string; root?: string },
): Promise<Contender> {
  const database = databases.create(name)
  const config = oneAutomation('production', 1)
  const server = await startReceiver({ folder: join(folder, `postgres-${name}`), config, database, ...where })
  const title = name === 'ours' ? 'durable accept on PostgreSQL' : 'the baseline'
  return {
    title,
    keeps: 'an event and a delivery',
    server,
    scheme: WANDB,
    rates: [],
    check: countsWhatIsKept(title, () => countIn(database, 'events')),
    stop: () => server.stop(),
  }
}
