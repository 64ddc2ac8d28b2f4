import type { Clock } from './observe/clock.ts'
import type { Counts } from './observe/metrics/counts.ts'
import { expositionOf, type Metric } from './observe/metrics/exposition.ts'
import { processMetrics } from './observe/metrics/process.ts'
import { VERSION } from './observe/version.ts'
import type { ShownLane } from './store/management-records.ts'
import type { Store } from './store/store.ts'

/** How long one reading serves all who ask, in ms: the store is asked no more often. */
const SERVES_MS = 1_000
/** How long the store may take to tell of lanes, in ms; after that, what it would tell is left out. */
const STORE_MS = 2_000
/** Why lanes are paused: each has a series, also where none is. */
const PAUSES = ['limited', 'credentials', 'outage']

/** The sources of a replica's metrics. */
export interface MetricsOptions {
  counts: Counts
  store: Pick<Store, 'listLanes' | 'engine'>
  clock: Clock
  /** Returns how many deliveries wait, as it was last counted. */
  waiting: () => number
  notReady: () => Promise<string | null>
  refused_config: { now(): object | null }
}

/** Returns what reads all metrics of this replica, as a text for Prometheus. Never rejects. */
export function createMetrics(options: MetricsOptions): () => Promise<string> {
  const { clock } = options
  let reading: Promise<string> | null = null
  let read_at = -Infinity
  return () => {
    const now = clock.steady()
    if (reading === null || now - read_at >= SERVES_MS) {
      read_at = now
      reading = read(options)
    }
    return reading
  }
}

async function read(options: MetricsOptions): Promise<string> {
  const { counts, store, waiting, notReady, refused_config } = options
  const [lanes, reason] = await Promise.all([lanesInTime(store), notReady()])
  return expositionOf([
    metric('info', 'The version and the store of the receiver.', [
      { labels: { version: VERSION, store: store.engine }, value: 1 },
    ]),
    metric('ready', 'Whether GET /readyz answers 200.', [{ value: reason === null ? 1 : 0 }]),
    metric('config_refused', 'Whether a change of the configuration was refused and is not mended.', [
      { value: refused_config.now() === null ? 0 : 1 },
    ]),
    ...counts.metrics(),
    metric('deliveries_waiting', 'Unfinished deliveries in the store, counted every 10 seconds.', [
      { value: waiting() },
    ]),
    ...(lanes === null ? [] : laneMetrics(lanes, options.clock.steady())),
    ...processMetrics(),
  ])
}

function laneMetrics(lanes: readonly ShownLane[], now: number): Metric[] {
  const paused = lanes.filter(({ paused_until }) => paused_until > now)
  const oldest = lanes.flatMap(({ oldest_at }) => (oldest_at === null ? [] : [now - oldest_at]))
  return [
    metric(
      'lanes_paused',
      'Lanes that are paused, by reason.',
      PAUSES.map((reason) => ({
        labels: { reason },
        value: paused.filter(({ pause }) => pause === reason).length,
      })),
    ),
    metric('oldest_waiting_seconds', 'The age of the oldest delivery that waits; 0 where none does.', [
      { value: Math.max(0, ...oldest) / 1_000 },
    ]),
  ]
}

function metric(name: string, help: string, samples: Metric['samples']): Metric {
  return { name: `model_dispatch_${name}`, help, type: 'gauge', samples }
}

async function lanesInTime(store: Pick<Store, 'listLanes'>): Promise<readonly ShownLane[] | null> {
  const asked = store.listLanes({}).then(
    ({ items }) => items,
    () => null,
  )
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => (timer = setTimeout(resolve, STORE_MS, null)))
  const lanes = await Promise.race([asked, late])
  clearTimeout(timer)
  return lanes
}
