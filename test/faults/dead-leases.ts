import { LEASE_MS } from '../../receiver/deliveries/engine.ts'
import pg from 'pg'

/** A live attempt takes far less here: older claims belong to processes that have been killed, ms. */
const SURELY_DEAD_MS = 3_000

/** Lets the leases of killed processes run out now instead of within a minute, so that a test need not wait. */
export async function endDeadLeases(database: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, SURELY_DEAD_MS))
  const client = new pg.Client({ connectionString: database })
  await client.connect()
  await client.query(
    `update deliveries set lease_until = 0 where status = 'delivering'
       and lease_until < extract(epoch from clock_timestamp()) * 1000 + $1`,
    [LEASE_MS - SURELY_DEAD_MS],
  )
  await client.end()
}
