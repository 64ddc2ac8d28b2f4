import type { Tx } from '../db.ts'
import type { NewDelivery, NewEvent } from '../records.ts'
import { automationsVersion, checkAutomations } from '../tables/automations.ts'
import { headsOf, type Head } from '../tables/heads.ts'
import { readKnown, type KnownKey, type KnownRow } from '../tables/known.ts'
import { findLanes, insertLanes, lanesOf, type LaneToOpen } from '../tables/lanes.ts'

/** The locks and reads that new deliveries and the models of their events need. */
export interface Wanted {
  deliveries: readonly NewDelivery[]
  /** The models to lock, by the numbers under which they are known. */
  models: readonly number[]
  /** The known rows to read. */
  places: readonly KnownKey[]
  /** The events that were matched, with the version of the automations that applied. */
  matched: readonly Pick<NewEvent, 'automations_version'>[]
}

/**
 * Locks lanes, subjects and models in one order for all, and reads what is there then, in one message.
 *
 * @throws AutomationsChanged when something was matched under automations that are no longer in force
 */
export async function lockAndRead(
  tx: Tx,
  { deliveries, models, places, matched }: Wanted,
): Promise<{ to_open: LaneToOpen[]; heads: Head[]; known: KnownRow[] }> {
  const live = deliveries.filter(({ error }) => error === null)
  // Also of what is not ordered: it may supersede a head that is.
  const subjects = live.map(({ subject }) => subject)
  const wanted = lanesOf(live, tx.now)
  const [, to_open, , heads, known, version] = await tx.batch([
    // New lanes before any lock, then the lanes, then all else: two replicas never wait for each other in turn.
    insertLanes(wanted),
    findLanes(wanted, tx.now),
    tx.locking({ subjects, models }),
    headsOf(subjects),
    readKnown(places),
    automationsVersion,
  ])
  checkAutomations(matched, version)
  return { to_open, heads, known }
}
