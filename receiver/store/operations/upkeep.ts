import type { Db, Flavor } from '../flavor.ts'
import { readFact, writeFact, writeFactOnce } from './facts.ts'
import { resetAlarms } from './lapse.ts'
import { DELIVERING, PENDING, UNFINISHED, YES } from './states.ts'

/** How many deliveries are unfinished, counted up to `most`. */
export async function backlog(db: Db, { most }: { most: number }): Promise<number> {
  const some = db.selectFrom('deliveries').select('id').where(UNFINISHED).limit(most)
  const { n } = await db
    .selectFrom(some.as('some'))
    .select(({ fn }) => fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow()
  return n
}

/** Whether the store can be written; throws when it can't. A full disk still answers what is asked of it. */
export async function ping(db: Db, { now }: { now: number }): Promise<void> {
  await writeFact(db, 'ping', String(now))
}

const SECRETS_KEY = 'secrets_key_check'

/**
 * Compares the fingerprint of the secrets key with the noted one. `known` is false when neither it nor any of
 * `accepts` is the noted one; else `check` is noted from now on.
 */
export async function noteSecretsKey(
  db: Db,
  { check, accepts }: { check: string; accepts: readonly string[] },
): Promise<{ known: boolean }> {
  // Written first: of two replicas that start on an empty store, only one notes its key.
  await writeFactOnce(db, SECRETS_KEY, check)
  const noted = await readFact(db, SECRETS_KEY)
  if (noted === check) return { known: true }
  if (noted === null || !accepts.includes(noted)) return { known: false }
  await writeFact(db, SECRETS_KEY, check)
  return { known: true }
}

const LAST_SEEN = 'clock_last_seen'

/** The latest time that the engine noted here, Unix ms; 0 in a new store. Schedules never go back behind it. */
export async function lastSeen(db: Db): Promise<number> {
  return Number((await readFact(db, LAST_SEEN)) ?? 0)
}

/**
 * Wakes lanes whose alarm was lost: something waits in them and nothing would look. Cheap where all is well; the
 * engine calls it now and then as a safety net.
 */
export async function wakeLanes(db: Db, flavor: Flavor, { now }: { now: number }): Promise<number> {
  await writeFact(db, LAST_SEEN, String(now))
  const asleep = await db
    .selectFrom('lanes')
    .select('lane')
    .where('ready_at', '>', now)
    .whereRef('next_at', '<', 'ready_at')
    .whereRef('paused_until', '<', 'ready_at')
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('deliveries')
          .select('id')
          .whereRef('deliveries.lane', '=', 'lanes.lane')
          .where('head', '=', YES)
          .where('status', '=', PENDING)
          .whereRef('due_at', '<', 'lanes.ready_at'),
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
  const lanes = asleep.map(({ lane }) => lane)
  await flavor.lockLanes(db, lanes)
  await resetAlarms(db, lanes, now)
  return asleep.length
}

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
