import type { Db, Flavor } from '../db.ts'
import { readFact, writeFact, writeFactsOnce } from '../tables/facts.ts'
import { resetAlarms } from '../tables/lanes.ts'
import { DELIVERING, PENDING, UNFINISHED, YES } from '../tables/literals.ts'

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
  await writeFactsOnce(db, [{ key: SECRETS_KEY, value: check }])
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
