import type { Tx } from '../db.ts'
import { setWakeTimes } from '../tables/lanes.ts'
import { DELIVERING, PENDING, YES } from '../tables/literals.ts'
import { noteSeen } from './notes.ts'

/** Wakes lanes whose wake time was lost: see `Operations.wakeLanes`. */
export async function wakeLanes(tx: Tx): Promise<number> {
  await noteSeen(tx)
  const lanes = await findForgotten(tx)
  await tx.lock({ lanes, subjects: [] })
  await setWakeTimes(tx, lanes)
  return lanes.length
}

/** Lanes in which something is due before their wake time, though neither pace, pause nor an attempt keeps them closed. */
async function findForgotten({ db, now }: Tx): Promise<string[]> {
  const rows = await db
    .selectFrom('lanes')
    .select('lane')
    .where('wake_at', '>', now)
    .whereRef('next_at', '<', 'wake_at')
    .whereRef('paused_until', '<', 'wake_at')
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('deliveries')
          .select('id')
          .whereRef('deliveries.lane', '=', 'lanes.lane')
          .where('head', '=', YES)
          .where('status', '=', PENDING)
          .whereRef('due_at', '<', 'lanes.wake_at'),
      ),
    )
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('deliveries')
            .select('id')
            .whereRef('deliveries.lane', '=', 'lanes.lane')
            .where('status', '=', DELIVERING),
        ),
      ),
    )
    .execute()
  return rows.map(({ lane }) => lane)
}
