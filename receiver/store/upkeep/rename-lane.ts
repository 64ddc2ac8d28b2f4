import type { Db, Flavor } from '../db.ts'
import { resetAlarms } from '../tables/lanes.ts'
import { UNFINISHED } from '../tables/literals.ts'

/**
 * Deliveries known under one lane name belong to another from now on, e.g. since the user behind a token has
 * been learned: both then share one pace.
 */
export async function renameLane(
  db: Db,
  flavor: Flavor,
  { from, to, now }: { from: string; to: string; now: number },
): Promise<void> {
  const lane = await db.selectFrom('lanes').selectAll().where('lane', '=', from).executeTakeFirst()
  if (lane === undefined) return
  await db
    .insertInto('lanes')
    .values({ ...lane, lane: to, moved_to: null })
    .onConflict((conflict) => conflict.column('lane').doNothing())
    .execute()
  await flavor.lockLanes(db, [from, to])
  await joinRest(db, from, to)
  // Always one step from any former name to the present one.
  await db
    .updateTable('lanes')
    .set({ moved_to: to })
    .where((eb) => eb.or([eb('lane', '=', from), eb('moved_to', '=', from)]))
    .execute()
  await db.updateTable('lanes').set({ moved_to: null }).where('lane', '=', to).execute()
  await db.updateTable('deliveries').set({ lane: to }).where('lane', '=', from).where(UNFINISHED).execute()
  await resetAlarms(db, [from, to], now)
}

/** What a server has asked under one name holds under the other too: the pace, and a rest that lasts longer. */
async function joinRest(db: Db, from: string, to: string): Promise<void> {
  const rows = await db.selectFrom('lanes').selectAll().where('lane', 'in', [from, to]).execute()
  const before = rows.find(({ lane }) => lane === from)
  const after = rows.find(({ lane }) => lane === to)
  if (before === undefined || after === undefined) return
  const { paused_until, pause, pause_message, pauses } = before
  const rest = paused_until > after.paused_until ? { paused_until, pause, pause_message, pauses } : {}
  await db
    .updateTable('lanes')
    .set({ next_at: Math.max(before.next_at, after.next_at), ...rest })
    .where('lane', '=', to)
    .execute()
}

/** What lanes are called now: a lane gets the name of its identity once that is known, and finished rows keep the old. */
export async function presentLanes(db: Db, lanes: readonly string[]): Promise<Map<string, string>> {
  const unique = [...new Set(lanes)]
  if (unique.length === 0) return new Map()
  const rows = await db.selectFrom('lanes').select(['lane', 'moved_to']).where('lane', 'in', unique).execute()
  return new Map(rows.map(({ lane, moved_to }) => [lane, moved_to ?? lane]))
}
