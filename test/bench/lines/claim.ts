import { jsonText } from '../../../receiver/store/json-text.ts'
import type { Claimed, Finished } from '../../../receiver/store/records.ts'
import type { Store } from '../../../receiver/store/store.ts'
import { finishedAttempt } from '../../support/attempts.ts'
import { postgresStoreWith, sqliteStoreWith } from '../claim-stores.ts'
import { NO_POSTGRES, startDatabases, type Databases } from '../databases.ts'
import { row, type Bench, type Figures, type Line, type Row } from '../line.ts'
import { median, medianRatio, spread } from '../statistics.ts'

const FEW = 1_000
/** Of the few, so many may be used up over all rounds: they must stay about as many. */
const USED_UP = 400
const MOST_PER_ROUND = 50

/** What the engine's heartbeat costs (one result written, one delivery claimed) with much or little waiting. */
export const claim: Line = {
  name: 'claim',
  about: 'one result written and one delivery claimed, with 1,000,000 waiting, against 1,000',
  long: false,
  run,
}

interface Pair {
  many: Store
  few: Store
}

async function run(bench: Bench): Promise<Figures> {
  const rows = [await onSqlite(bench)]
  const notes = [
    `Claim: each step is one transaction on the disk that writes a result and claims the next delivery of one lane with 100 repositories; half of what waits is blocked behind an older one of its subject. Filled by SQL with copies of rows that accept wrote; medians of ${perRound(bench)} steps a round on each, in turn.`,
  ]
  const databases = await startDatabases()
  if (databases === null) {
    notes.push(`Claim was not measured on PostgreSQL. ${NO_POSTGRES}`)
  } else {
    try {
      rows.push(await onPostgres(bench, databases.create))
    } finally {
      await databases.stop()
    }
  }
  return { rows, notes }
}

async function onSqlite(bench: Bench): Promise<Row> {
  bench.say('  filling SQLite')
  const few = await sqliteStoreWith(bench.folder, FEW)
  const many = await sqliteStoreWith(bench.folder, bench.waiting)
  return await compare('SQLite', { many, few }, bench)
}

async function onPostgres(bench: Bench, createDatabase: Databases['create']): Promise<Row> {
  bench.say('  filling PostgreSQL')
  const few = await postgresStoreWith(createDatabase('few'), FEW)
  const many = await postgresStoreWith(createDatabase('many'), bench.waiting)
  return await compare('PostgreSQL', { many, few }, bench)
}

async function compare(engine: string, { many, few }: Pair, bench: Bench): Promise<Row> {
  const steps = { many: stepper(many), few: stepper(few) }
  const rounds = { many: [] as number[], few: [] as number[] }
  for (let round = -1; round < bench.rounds; round++) {
    const times = { many: [] as number[], few: [] as number[] }
    for (let n = 0; n < perRound(bench); n++) {
      times.many.push(await steps.many())
      times.few.push(await steps.few())
    }
    // The first round warms both up.
    if (round < 0) continue
    rounds.many.push(median(times.many))
    rounds.few.push(median(times.few))
    bench.say(`  ${engine}: ${rounds.many.at(-1)?.toFixed(2)} ms, ${rounds.few.at(-1)?.toFixed(2)} ms`)
  }
  await many.close()
  await few.close()
  return row(
    {
      what: `claim on ${engine}, ${bench.waiting.toLocaleString('en')} waiting, against ${FEW.toLocaleString('en')} waiting`,
      ours: spread(rounds.many, 'ms', 2),
      other: spread(rounds.few, 'ms', 2),
    },
    medianRatio(rounds.many, rounds.few),
    { at_most: 2 },
  )
}

const perRound = ({ rounds }: Bench) => Math.min(MOST_PER_ROUND, Math.floor(USED_UP / (rounds + 1)))

/** One step of the engine: writes that the last claim succeeded, claims the next. Gives how long it took, ms. */
function stepper(store: Store): () => Promise<number> {
  let finished: Finished[] = []
  return async () => {
    const began = performance.now()
    const { claimed } = await store.advance({
      now: Date.now(),
      finished,
      capacity: 1,
      lease_ms: 60_000,
      lanes: [],
    })
    const took = performance.now() - began
    const [first] = claimed
    if (first === undefined) throw new Error('Nothing could be claimed.')
    finished = [succeeded(first)]
    return took
  }
}

const succeeded = (claim: Claimed): Finished =>
  finishedAttempt(claim, {
    at: Date.now(),
    duration_ms: 250,
    request: jsonText({
      method: 'POST',
      url: 'https://api.github.com/repos/acme/serving/dispatches',
      body: '',
    }),
  })
