import { hammer } from '../replicas/hammer.ts'
import { runReplicas } from '../replicas/run-replicas.ts'
import { inWords, type Verdict } from '../support/verdict.ts'
import { jumpUnderLoad } from './clock-jumps.ts'
import { killDuringDeliveries } from './every-destination.ts'
import { fillUnderLoad } from './full-disk.ts'
import { longTroubles, meetTroubles, shortTroubles } from './github-trouble.ts'
import { killUnderLoad } from './kill.ts'
import { crashUnderLoad } from './postgres-crash.ts'
import { mountSmallDisk } from './small-disk.ts'
import { startUpWith } from './start-up.ts'
import { stopAtRandom, stopPastLease } from './stopped.ts'

export interface Settings {
  kills: number
  events: number
  stored: number
  seed: number
  /** PostgreSQL's programs, and a new empty database; null where it is not installed. */
  programs: string | null
  database: (() => string) | null
}

export interface Outcome {
  says: string
  /** What must not be; empty when all is well. */
  problems: string[]
}

export interface Scenario {
  name: string
  what: string
  run: () => Promise<Outcome>
}

const REPLICAS = 3
/** The probes of an outage come after 30 s, 1, 2 and 5 minutes, each up to a tenth later; a lease lasts a minute. */
const AFTER_PAUSES_MS = 700_000
const AFTER_LEASES_MS = 400_000
const READY_MS = 1_000

/** All of them; those that need what is not there are left out. */
export function scenarios(settings: Settings): Scenario[] {
  const { database, programs } = settings
  return [
    ...onSqlite(settings),
    ...(database === null ? [] : onPostgres(settings, database)),
    ...(programs === null ? [] : [crash(programs)]),
  ]
}

function onSqlite({ kills, seed, stored }: Settings): Scenario[] {
  return [
    {
      name: 'kill-destinations',
      what: `kill -9 at ${kills} moments of deliveries to every kind of destination`,
      run: () => killDuringDeliveries({ kills, events: 2, seed, settle_ms: AFTER_LEASES_MS }),
    },
    {
      name: 'kill-sqlite',
      what: `kill -9 at ${kills} random moments under load`,
      run: async () =>
        verdictOf(
          await killUnderLoad({ database: null, kills, seed, per_second: 40, settle_ms: AFTER_LEASES_MS }),
        ),
    },
    {
      name: 'github-sqlite',
      what: 'every answer of GitHub for a while, also none, a broken one and a lost one',
      run: () => troubles(null),
    },
    { name: 'disk', what: 'a disk that fills up under load, three times', run: fullDisk },
    {
      name: 'start-up',
      what: `/readyz within a second on ${stored} stored events`,
      run: () => startUp(stored),
    },
  ]
}

function onPostgres({ kills, seed, events }: Settings, database: () => string): Scenario[] {
  return [
    {
      name: 'kill-postgres',
      what: `kill -9 of one of three replicas at ${kills} random moments under load`,
      run: async () =>
        verdictOf(
          await killUnderLoad({
            database: database(),
            replicas: REPLICAS,
            kills,
            seed,
            per_second: 10,
            settle_ms: AFTER_LEASES_MS,
          }),
        ),
    },
    {
      name: 'github-postgres',
      what: 'every answer of GitHub for a while, also none, a broken one and a lost one',
      run: () => troubles(database()),
    },
    {
      name: 'stop-past-lease',
      what: 'a replica stands still (SIGSTOP) for 75 s in the middle of an attempt',
      run: async () => {
        const options = { database: database(), replicas: 2, per_second: 4, settle_ms: AFTER_LEASES_MS }
        const { verdict, dropped } = await stopPastLease(options)
        const missed = dropped === 0 ? ['the replica had no attempt under way when it was stopped'] : []
        return verdictOf(verdict, `, late results dropped ${dropped}`, missed)
      },
    },
    {
      name: 'stop-at-random',
      what: 'replicas stand still for 13 s at random moments, also while they hold locks',
      run: async () => {
        const options = {
          database: database(),
          replicas: REPLICAS,
          per_second: 20,
          settle_ms: AFTER_LEASES_MS,
        }
        const { verdict, dropped } = await stopAtRandom({ ...options, stops: 8, seed })
        return verdictOf(verdict, `, late results dropped ${dropped}`)
      },
    },
    {
      name: 'clock-jumps',
      what: "the server's clock is set by an hour, forward and back, under a pace of 2 a second",
      run: () => clockJumps(database()),
    },
    {
      name: 'replicas',
      what: `${events} events over three replicas, each dispatched exactly once`,
      run: () => replicas(database(), events),
    },
    {
      name: 'hammer',
      what: 'three stores that accept, attempt, cancel, redeliver and rename at once',
      run: () => hammers(database, seed),
    },
  ]
}

function crash(programs: string): Scenario {
  return {
    name: 'postgres-crash',
    what: 'the PostgreSQL server dies (SIGQUIT) under load, six times',
    run: async () => {
      const away_ms = [0, 500, 1_000, 2_000, 7_000, 20_000]
      const options = { programs, replicas: REPLICAS, away_ms, per_second: 15, settle_ms: AFTER_LEASES_MS }
      const { verdict, held, longest_ms, restarted } = await crashUnderLoad(options)
      const says = `, held over 1 s ${held}, longest ${longest_ms} ms`
      return verdictOf(verdict, says, restarted === 0 ? [] : [`${restarted} receivers had to be restarted`])
    },
  }
}

function verdictOf(verdict: Verdict, more = '', problems: readonly string[] = []): Outcome {
  return { says: `${inWords(verdict)}${more}`, problems: [...verdict.problems, ...problems] }
}

async function troubles(database: string | null): Promise<Outcome> {
  const all = [...shortTroubles(), ...longTroubles()]
  const verdicts = [...(await meetTroubles(all, { database, settle_ms: AFTER_PAUSES_MS }))]
  const sum = (pick: (verdict: Verdict) => number) =>
    verdicts.reduce((total, [, verdict]) => total + pick(verdict), 0)
  return {
    says: `${all.length} troubles, accepted ${sum(({ accepted }) => accepted)}, acted ${sum(({ acted }) => acted)} (${sum(({ superseded }) => superseded)} superseded), twice ${sum(({ duplicates }) => duplicates)}`,
    problems: verdicts.flatMap(([name, verdict]) => verdict.problems.map((problem) => `${name}: ${problem}`)),
  }
}

async function fullDisk(): Promise<Outcome> {
  const disk = mountSmallDisk(64)
  if (disk === null) return { says: 'skipped: this user may not mount file systems', problems: [] }
  try {
    return verdictOf(await fillUnderLoad(disk, { times: 3, per_second: 40, settle_ms: AFTER_LEASES_MS }))
  } finally {
    disk.remove()
  }
}

async function startUp(stored: number): Promise<Outcome> {
  const empty = await startUpWith(0, 0)
  const done = await startUpWith(stored, 0)
  const waiting = await startUpWith(stored, stored)
  const slow = Math.max(done, waiting)
  return {
    says: `empty ${empty} ms, all done ${done} ms, all waiting ${waiting} ms`,
    problems: slow <= Math.max(READY_MS, empty + READY_MS / 2) ? [] : [`it took ${slow} ms`],
  }
}

async function clockJumps(database: string): Promise<Outcome> {
  const options = { database, replicas: REPLICAS, settle_ms: AFTER_LEASES_MS }
  const { verdict, longest_gap_ms, busiest } = await jumpUnderLoad(options)
  const problems = [
    ...(longest_gap_ms > 5_000 ? ['it stalled'] : []),
    ...(busiest > 22 ? ['it flooded'] : []),
  ]
  return verdictOf(verdict, `, longest gap ${longest_gap_ms} ms, most in 10 s ${busiest}`, problems)
}

async function replicas(database: string, events: number): Promise<Outcome> {
  const run = await runReplicas({ database, replicas: REPLICAS, events, settle_ms: 900_000 })
  return verdictOf(run.verdict, `, taken in ${run.accept_ms} ms, dispatched in ${run.all_ms} ms`)
}

async function hammers(database: () => string, seed: number): Promise<Outcome> {
  const problems: string[] = []
  const says: string[] = []
  for (const rename of [false, true]) {
    const url = `${database()}?options=${encodeURIComponent('-c synchronous_commit=off')}`
    const { accepted, violations, deadlocks, dropped } = await hammer({
      url,
      replicas: REPLICAS,
      accepts: 1_000,
      subjects: 60,
      seed,
      rename,
    })
    says.push(`${accepted} deliveries, deadlocks ${deadlocks}, late results dropped ${dropped}`)
    problems.push(...violations)
    if (!rename && deadlocks > 0) problems.push(`${deadlocks} deadlocks`)
  }
  return { says: says.join('; renaming: '), problems }
}
