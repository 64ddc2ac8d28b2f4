import { sql } from 'kysely'
import type { Db } from '../db.ts'
import { writeFact } from '../tables/facts.ts'

/** How long a measurement of the server's clock counts, in ms. */
const FRESH_MS = 10_000
/** A distance that drift and round trips don't explain, in ms: a clock was set. */
const JUMP_MS = 2_000
/** The fact that holds how far the shared time is from the server's clock, in ms. */
const OFFSET = 'clock_offset'
/** The fact that holds the server's clock when a replica last found that offset right. */
const CONFIRMED = 'clock_confirmed'
/** How long an offset that was found right counts as right, in ms: no clock has been set since. */
const LATELY_MS = 20_000

/** The largest offset that a replica that is alone takes over, in ms. */
const MOST_OFFSET_MS = 24 * 3_600_000

/** A clock that all replicas share, in Unix ms, and that never jumps. */
export interface SharedClock {
  now(): Promise<number>
}

/**
 * Returns the one clock that leases and paces of all replicas go by: the server's. Between measurements each replica
 * counts on its own. When the server's clock is set forward or back, the replicas go on as they counted and note the
 * offset in the store, so that replicas that join later agree with them. When a replica stood still (its machine was
 * suspended), the others have gone on finding the offset right, and it joins them.
 */
export function sharedClock(db: Db, elapsed: () => number = () => performance.now()): SharedClock {
  let base: { time: number; at: number } | null = null
  let syncing: Promise<void> | null = null
  const counted = (since: { time: number; at: number }) => since.time + (elapsed() - since.at)

  async function sync(): Promise<void> {
    const measured = await measure(db)
    const { time } = measured
    if (base === null) {
      base = { time: await joined(db, measured), at: elapsed() }
      return
    }
    const expected = counted(base)
    if (isClose(time, expected)) {
      await writeTime(db, CONFIRMED, measured.server)
      base = { time: Math.max(time, expected), at: elapsed() }
      return
    }
    base = { time: await agree(db, expected), at: elapsed() }
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

const isClose = (time: number, expected: number) => Math.abs(time - expected) <= JUMP_MS

interface Measured {
  server: number
  /** The shared time, as the noted offset has it. */
  time: number
  /** Whether a replica has found that offset right a moment ago. */
  confirmed: boolean
}

/** The server's clock, by the middle of the round trip, and what is noted about it in the store. */
async function measure(db: Db): Promise<Measured> {
  // Opening a connection takes many times as long as a round trip, and the middle of both is not when the server looked.
  await sql`select 1`.execute(db)
  const began = performance.now()
  const { rows } = await sql<{ server: number; offset: string | null; confirmed: string | null }>`
    select (extract(epoch from clock_timestamp()) * 1000)::bigint as server,
      (select value from facts where key = ${OFFSET}) as offset,
      (select value from facts where key = ${CONFIRMED}) as confirmed`.execute(db)
  const half = (performance.now() - began) / 2
  const [row] = rows
  const server = (row?.server ?? Date.now()) + half
  const since = server - Number(row?.confirmed ?? -Infinity)
  return { server, time: server + Number(row?.offset ?? 0), confirmed: since >= 0 && since < LATELY_MS }
}

/**
 * The time that a replica begins with. An offset of more than a day comes from a server whose clock was wrong. While no
 * other replica goes by it, it is forgotten.
 */
async function joined(db: Db, { time, server, confirmed }: Measured): Promise<number> {
  if (confirmed || Math.abs(time - server) <= MOST_OFFSET_MS) return time
  await writeTime(db, OFFSET, 0)
  return server
}

/** After a jump: takes the time that the others have, or notes our own. */
async function agree(db: Db, expected: number): Promise<number> {
  return db.transaction().execute(async (trx) => {
    await trx
      .insertInto('facts')
      .values({ key: OFFSET, value: '0' })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .execute()
    await trx.selectFrom('facts').select('value').where('key', '=', OFFSET).forUpdate().execute()
    const { server, time, confirmed } = await measure(trx)
    if (isClose(time, expected) || confirmed) return time
    await writeTime(trx, OFFSET, expected - server)
    await writeTime(trx, CONFIRMED, server)
    return expected
  })
}

const writeTime = (db: Db, key: string, ms: number) => writeFact({ db }, key, String(Math.round(ms)))
