import { sql } from 'kysely'
import type { Db } from '../flavor.ts'

/** How long a measurement of the server's clock counts, ms. */
const FRESH_MS = 10_000
/** A distance that drift and round trips don't explain, ms: a clock was set. */
const JUMP_MS = 2_000
/** The fact that holds how far the shared time is from the server's clock, ms. */
const OFFSET = 'clock_offset'

/** One time for all replicas, Unix ms, that never jumps. */
export interface SharedClock {
  now(): Promise<number>
}

/**
 * Leases and paces must go by one clock for all replicas: the server's. Between measurements each replica counts on
 * its own; when the server's clock is set forward or back, the replicas go on as they counted and note the offset
 * in the store, so that those who join later agree with them.
 */
export function sharedClock(db: Db, elapsed: () => number = () => performance.now()): SharedClock {
  let base: { time: number; at: number } | null = null
  let syncing: Promise<void> | null = null
  const counted = (since: { time: number; at: number }) => since.time + (elapsed() - since.at)

  async function sync(): Promise<void> {
    const { server, offset } = await measure(db)
    const time = server + offset
    const expected = base === null ? time : counted(base)
    const jumped = Math.abs(time - expected) > JUMP_MS
    const agreed = jumped ? await agree(db, expected) : Math.max(time, expected)
    base = { time: agreed, at: elapsed() }
  }

  return {
    async now() {
      if (base === null || elapsed() - base.at > FRESH_MS) {
        syncing ??= sync().finally(() => {
          syncing = null
        })
        // Once known, the time is counted while a measurement runs; a server that is away doesn't stop it.
        if (base === null) await syncing
        else await syncing.catch(() => undefined)
      }
      return Math.round(base === null ? Date.now() : counted(base))
    },
  }
}

/** The server's clock, by the middle of the round trip, and the offset noted in the store. */
async function measure(db: Db): Promise<{ server: number; offset: number }> {
  const began = performance.now()
  const { rows } = await sql<{ server: number; offset: string | null }>`
    select (extract(epoch from clock_timestamp()) * 1000)::bigint as server,
      (select value from facts where key = ${OFFSET}) as offset`.execute(db)
  const half = (performance.now() - began) / 2
  return { server: (rows[0]?.server ?? Date.now()) + half, offset: Number(rows[0]?.offset ?? 0) }
}

/** After a jump: takes the offset that another replica has noted, or notes our own. */
async function agree(db: Db, expected: number): Promise<number> {
  return db.transaction().execute(async (trx) => {
    await trx
      .insertInto('facts')
      .values({ key: OFFSET, value: '0' })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .execute()
    await trx.selectFrom('facts').select('value').where('key', '=', OFFSET).forUpdate().execute()
    const { server, offset } = await measure(trx)
    if (Math.abs(server + offset - expected) <= JUMP_MS) return server + offset
    await trx
      .updateTable('facts')
      .set({ value: String(Math.round(expected - server)) })
      .where('key', '=', OFFSET)
      .execute()
    return expected
  })
}
