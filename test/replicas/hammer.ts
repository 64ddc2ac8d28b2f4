import pg from 'pg'
import { createEngine, LEASE_MS, type Engine } from '../../receiver/deliveries/engine.ts'
import type { Sender } from '../../receiver/destinations/destination.ts'
import type { AttemptResult } from '../../receiver/policy/attempt.ts'
import { createLog } from '../../receiver/observe/log.ts'
import { jsonText } from '../../receiver/store/json-text.ts'
import type { DeliveryStatus } from '../../receiver/store/records.ts'
import { openPostgresStore } from '../../receiver/store/postgres/open.ts'
import type { Store } from '../../receiver/store/store.ts'
import { createRandom, type Random } from '../scale/random.ts'
import { storedDelivery, storedEvent } from '../support/events.ts'
import { ClaimWatch } from './claim-watch.ts'
import { inspect, stuck } from './invariants.ts'

/** What the hammer does; every replica does its share. */
export interface HammerOptions {
  /** An empty database. */
  url: string
  replicas: number
  /** Calls of `accept`, of one to six events each, over all replicas. */
  accepts: number
  subjects: number
  seed: number
  /** Also gives a lane another name now and then, as when the user behind a token is learned. */
  rename?: boolean
}

/** What came of it. */
export interface HammerReport {
  accepted: number
  /** How many deliveries ended in each status. */
  ended: Partial<Record<DeliveryStatus, number>>
  /** What must never be, in words. */
  violations: string[]
  /** Transactions that PostgreSQL ended because they waited for each other. */
  deadlocks: number
  /** Results that came after their claim had been taken over. */
  dropped: number
  ms: number
}

/** Store time passes so much faster than real time: a lease of 60 s lasts a second. */
const SPEED = 60
const START = 1_800_000_000_000
const CONCURRENCY: Readonly<Record<string, number>> = { 'lane-a': 1, 'lane-b': 1, 'lane-c': 2, 'lane-d': 3 }
const LANES = Object.keys(CONCURRENCY)
const RENAMED = { from: 'lane-d', to: 'lane-c' } as const
const RENAME_MS = 300
/** Everything must have ended so long after the last accept, real ms. */
const END_MS = 40_000
const INSPECT_MS = 20

/** One database under replicas that accept, attempt with random results, cancel, redeliver and rename lanes. */
export async function hammer(options: HammerOptions): Promise<HammerReport> {
  const began = performance.now()
  const now = () => START + Math.round((performance.now() - began) * SPEED)
  const random = createRandom(options.seed)
  const watch = new ClaimWatch({
    now,
    lease_ms: LEASE_MS,
    concurrency: countedLanes(options),
    ordered: isOrdered,
  })
  const stores = await Promise.all(
    Array.from({ length: options.replicas }, () => openPostgresStore(options.url, { clock: 'caller' })),
  )
  await stores[0]?.saveRevisions({
    revisions: [{ id: 'rev_1', automation: 'deploy', spec: SPEC }],
    now: now(),
  })
  const engines = stores.map((store) => startEngine(store, watch, now, random))
  const replicas = stores.map((store, i) => ({ store, engine: engines[i] as Engine }))
  const client = new pg.Client({ connectionString: options.url })
  await client.connect()

  const ids: string[] = []
  let loading = true
  let ending = false
  const look = async () => {
    while (!ending) {
      for (const violation of await inspect(client)) watch.violations.add(violation)
      await sleep(INSPECT_MS)
    }
  }
  const disturb = async () => {
    while (loading) {
      await disturbOnce(replicas[random.below(replicas.length)], ids, now, random)
      await sleep(random.below(6))
    }
  }
  const accept = async () => {
    const share = Math.ceil(options.accepts / replicas.length / 2)
    await Promise.all(
      [...replicas, ...replicas].map(async (replica) => {
        for (let n = 0; n < share; n++)
          ids.push(...(await acceptSome(replica, options.subjects, now, random)))
      }),
    )
  }
  const rename = async () => {
    while (loading && options.rename === true) {
      await stores[0]?.renameLane({ ...RENAMED, now: now() })
      await sleep(RENAME_MS)
    }
  }
  const looking = look()
  const disturbing = [disturb(), disturb(), rename()]
  await accept()
  loading = false
  await Promise.all(disturbing)
  const until = performance.now() + END_MS
  while ((await unfinished(client)) > 0 && performance.now() < until) await sleep(10)
  ending = true
  await looking
  for (const violation of await stuck(client, now())) watch.violations.add(violation)
  const ended = await countEnded(client)
  const deadlocks = await countDeadlocks(client)
  await client.end()
  await Promise.all(engines.map((engine) => engine.stop(1_000)))
  await Promise.all(stores.map((store) => store.close()))
  return {
    accepted: ids.length,
    ended,
    violations: [...watch.violations],
    deadlocks,
    dropped: watch.dropped,
    ms: Math.round(performance.now() - began),
  }
}

/** Every so many-th subject needs no order. */
const UNORDERED = 11
const subjectOf = (n: number) => n.toString(16).padStart(4, '0').repeat(8)
const isOrdered = (subject: string) => Number.parseInt(subject.slice(0, 4), 16) % UNORDERED !== 0

const SPEC = jsonText({ name: 'deploy', destinations: [{ type: 'repository_dispatch' }] })

/** Requests under way move with a renamed lane, so those two are not counted then. */
function countedLanes({ rename = false }: HammerOptions): Readonly<Record<string, number>> {
  const moving = rename ? { [RENAMED.from]: Infinity, [RENAMED.to]: Infinity } : {}
  return { ...CONCURRENCY, ...moving }
}

interface Replica {
  store: Store
  engine: Engine
}

/** The receiver's own engine, on a store whose time runs fast and a destination that answers at random. */
function startEngine(store: Store, watch: ClaimWatch, now: () => number, random: Random): Engine {
  const fast: Store = {
    ...store,
    async advance(args) {
      watch.ended(args.finished)
      const advanced = await store.advance(args).catch((error: unknown) => {
        watch.violations.add(`advance failed: ${String(error)}`)
        throw error
      })
      watch.saw(args, advanced)
      return { ...advanced, wait_ms: advanced.wait_ms / SPEED }
    },
  }
  const sender = randomSender(random)
  const engine = createEngine({
    store: fast,
    senders: () => new Map([['repository_dispatch', sender]]),
    clock: { wall: () => Date.now(), steady: now },
    log: createLog('silent'),
    concurrency: 8,
    random: () => random.next(),
  })
  store.onWork((lanes) => engine.wake(lanes))
  engine.start()
  return engine
}

function randomSender(random: Random): Sender {
  const notUsed = () => {
    throw new Error('The hammer plans its deliveries itself.')
  }
  return {
    target: notUsed,
    render: notUsed,
    async send() {
      // Now and then longer than a lease lasts: the result comes from a worker that has lost its claim.
      await sleep(random.chance(0.02) ? random.between(1_100, 1_400) : random.below(4))
      return randomResult(random)
    },
  }
}

function randomResult(random: Random): AttemptResult {
  const draw = random.next()
  const base = { message: 'as drawn', fix: '', request: { method: '', url: '', body: '' }, response: null }
  if (draw < 0.82) return { ...base, class: 'success', status: 204, message: '', retry_after_ms: null }
  if (draw < 0.86) return { ...base, class: 'permanent', status: 404, retry_after_ms: null }
  if (draw < 0.89) return { ...base, class: 'limited', status: 429, retry_after_ms: 20_000 }
  return { ...base, class: 'ambiguous', status: 502, retry_after_ms: null }
}

const SUPERSEDE = ['never', 'retrying', 'waiting'] as const

/** Takes in one to six events, and wakes its own engine as the receiver does, unless it "dies" before. */
async function acceptSome(
  { store, engine }: Replica,
  subjects: number,
  now: () => number,
  random: Random,
): Promise<string[]> {
  const events = Array.from({ length: 1 + random.below(6) }, () => {
    const n = random.below(subjects)
    const lane = LANES[n % LANES.length] ?? 'lane-a'
    const delivery = storedDelivery({
      // The same subject always says the same.
      lane,
      subject: subjectOf(n),
      target: `acme/repository-${n % 7}`,
      policy: { concurrency: CONCURRENCY[lane] ?? 1, interval_ms: 0 },
      supersede: SUPERSEDE[n % SUPERSEDE.length] ?? 'never',
      ordered: n % UNORDERED !== 0,
      expires_after_ms: random.chance(0.3) ? 2_000 + random.below(200_000) : null,
    })
    const model = `model-${n}`
    const value = `body-${random.below(1_000_000)}`
    return storedEvent({
      identity: { rule: 'last', key: model, value, window_ms: 10_000, body_hash: value },
      holder: { key: model, version: value },
      deliveries: [delivery],
    })
  })
  const results = await store.accept({ now: now(), events })
  const made = events.flatMap((event, i) => (results[i]?.outcome === 'accepted' ? event.deliveries : []))
  if (random.chance(0.8)) engine.wake(made.map(({ lane }) => lane))
  return made.map(({ id }) => id)
}

async function disturbOnce(
  replica: Replica | undefined,
  ids: readonly string[],
  now: () => number,
  random: Random,
): Promise<void> {
  const id = ids[random.below(ids.length)]
  if (replica === undefined || id === undefined) return
  const { store, engine } = replica
  const draw = random.next()
  if (draw < 0.45) await store.redeliver({ id, force: random.chance(0.3), now: now() })
  else if (draw < 0.85) await store.cancel({ id, now: now() })
  else if (draw < 0.9) {
    await store.redeliverMany({
      filter: { status: 'failed' },
      force: false,
      after: 0,
      limit: 20,
      now: now(),
    })
  }
  if (random.chance(0.8)) engine.wake()
}

async function unfinished(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ n: string }>(
    "select count(*) as n from deliveries where status in ('pending', 'delivering')",
  )
  return Number(rows[0]?.n)
}

async function countEnded(client: pg.Client): Promise<HammerReport['ended']> {
  const { rows } = await client.query<{ status: DeliveryStatus; n: string }>(
    'select status, count(*) as n from deliveries group by status',
  )
  return Object.fromEntries(rows.map(({ status, n }) => [status, Number(n)]))
}

async function countDeadlocks(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ deadlocks: string }>(
    'select deadlocks from pg_stat_database where datname = current_database()',
  )
  return Number(rows[0]?.deadlocks)
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
