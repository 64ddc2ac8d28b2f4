import type { Clock } from '../observe/clock.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { OWN_SOURCE } from '../../src/contract/model-event.ts'
import { parse } from '../store/json-text.ts'
import type { Store } from '../store/store.ts'
import { acceptPrepared, type AcceptContext } from './accept-prepared.ts'
import { OWN_SOURCE_CONFIG } from './alerts.ts'
import { lookupFor, prepareReplay } from './prepare-event.ts'

/** The means of a replay. */
export interface Replayer extends AcceptContext {
  store: Store
  runtime: () => Runtime
  clock: Clock
}

/** The outcome of a replay. */
export type Replayed =
  | { outcome: 'replayed'; event_id: string; deliveries: string[]; stale: number }
  /** A newer event has the slot of every delivery: nothing was stored. */
  | { outcome: 'stale' }
  /** Its registry is being asked: it is matched after that. */
  | { outcome: 'enriching' }
  /** The source that sent it is no longer configured. */
  | { outcome: 'source_gone'; source: string }
  | { outcome: 'not_found' }

/**
 * Sends an accepted event through today's automations. A delivery that would roll back what a newer event has done is
 * left out and counted as stale, unless `force`.
 */
export async function replayEvent(
  { store, runtime, clock, ...context }: Replayer,
  id: string,
  force: boolean,
): Promise<Replayed> {
  const stored = await store.getEvent({ id })
  if (stored === null) return { outcome: 'not_found' }
  if (stored.status === 'enriching') return { outcome: 'enriching' }
  // Its alias has left the version.
  if (stored.status === 'stale' && !force) return { outcome: 'stale' }
  const source =
    stored.source === OWN_SOURCE ? OWN_SOURCE_CONFIG : runtime().config.sources.get(stored.source)
  if (source === undefined) return { outcome: 'source_gone', source: stored.source }
  const event = parse(stored.event)
  const arrival = {
    raw: stored.raw,
    received_at: clock.wall(),
    secret: stored.context.secret,
    drop_in: stored.context.drop_in,
  }
  const lookup = stored.status === 'lookup_failed' ? lookupFor(source, force) : null
  const replay = { event, found: stored.context, arrival, force, lookup }
  const { prepared, accepted } = await acceptPrepared(context, () => prepareReplay(runtime(), source, replay))
  const { record } = prepared
  if (accepted.outcome === 'stale') return { outcome: 'stale' }
  const stale = accepted.outcome === 'accepted' ? (accepted.stale ?? []) : []
  const ids = record.deliveries.map((delivery) => delivery.id)
  return {
    outcome: 'replayed',
    event_id: record.id,
    deliveries: ids.filter((made) => !stale.includes(made)),
    stale: stale.length,
  }
}

/** The deliveries that a replay would send, and those it would leave out as stale. */
export interface PlannedReplay {
  deliveries: { automation: string; target: string }[]
  stale: { automation: string; target: string }[]
}

/** Returns what a replay of an event would send under today's automations; nothing is stored. */
export async function previewReplay(
  { store, runtime, clock }: Pick<Replayer, 'store' | 'runtime' | 'clock'>,
  id: string,
  force: boolean,
): Promise<PlannedReplay | 'not_found' | 'source_gone'> {
  const stored = await store.getEvent({ id })
  if (stored === null) return 'not_found'
  const source =
    stored.source === OWN_SOURCE ? OWN_SOURCE_CONFIG : runtime().config.sources.get(stored.source)
  if (source === undefined) return 'source_gone'
  const { secret, drop_in } = stored.context
  const arrival = { raw: stored.raw, received_at: clock.wall(), secret, drop_in }
  const { record } = prepareReplay(runtime(), source, {
    ...{ event: parse(stored.event), found: stored.context, arrival, force, lookup: null },
  })
  if (stored.status === 'stale' && !force) return { deliveries: [], stale: record.deliveries }
  const late = force ? [] : await store.staleReplays({ of: id, deliveries: record.deliveries.map(slotOf) })
  return {
    deliveries: record.deliveries.filter((_, index) => !late.includes(index)),
    stale: record.deliveries.filter((_, index) => late.includes(index)),
  }
}

const slotOf = ({ subject, slot }: { subject: string; slot: string }) => ({ subject, slot })
