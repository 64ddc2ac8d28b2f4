import type { Tx } from '../db.ts'
import type { Recovered } from '../records.ts'
import { promote } from '../tables/heads.ts'
import { setWakeTimes } from '../tables/lanes.ts'
import { findUnderWay, reclaimUnderWay } from './overdue.ts'

/**
 * Reclaims every delivery under way: see `Operations.recover`. Takes no locks, since a store with one process has nobody
 * else in it.
 */
export async function recover(tx: Tx): Promise<Recovered> {
  const all: Recovered = { reclaimed: 0, given_up: [] }
  for (;;) {
    const under_way = await findUnderWay(tx)
    if (under_way.length === 0) return all
    const { changed, given_up } = await reclaimUnderWay(tx, under_way)
    await promote(
      tx,
      changed.map(({ subject }) => subject),
    )
    await setWakeTimes(
      tx,
      changed.map(({ lane }) => lane),
    )
    all.reclaimed += under_way.length
    all.given_up.push(...given_up)
  }
}
