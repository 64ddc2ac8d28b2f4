import type { Tx } from '../db.ts'
import { readFact, writeFact } from '../tables/facts.ts'

/** Resolves when the store can be written: see `Operations.ping`. */
export async function ping(tx: Tx): Promise<void> {
  await writeFact(tx, 'ping', String(tx.now))
}

const LAST_SEEN = 'clock_last_seen'

/** Notes that it is now: the store has seen this time. */
export async function noteSeen(tx: Tx): Promise<void> {
  await writeFact(tx, LAST_SEEN, String(tx.now))
}

/** Returns the latest time that was noted here, in Unix ms; 0 in a new store. */
export async function lastSeen(tx: Tx): Promise<number> {
  return Number((await readFact(tx, LAST_SEEN)) ?? 0)
}
