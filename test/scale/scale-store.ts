import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '../../receiver/store/migrations/migrate.ts'
import { runOperation } from '../../receiver/store/operations.ts'
import type { OperationName, Operations } from '../../receiver/store/store.ts'
import { openDatabase } from '../../receiver/store/sqlite/database.ts'
import { SQLITE } from '../../receiver/store/sqlite/dialect.ts'
import type { DeliveryStatus } from '../../receiver/store/records.ts'

/** The receiver's store in this thread, counting what it does. */
export interface ScaleStore {
  run<K extends OperationName>(
    name: K,
    args: Parameters<Operations[K]>[0],
  ): Promise<Awaited<ReturnType<Operations[K]>>>
  /** Transactions so far and the time that they took, ms. */
  readonly spent: { transactions: number; ms: number }
  /** How many deliveries ended, or wait, in each status. */
  statuses(): Map<DeliveryStatus, number>
  /** The ids of all deliveries in a status. */
  inStatus(status: DeliveryStatus): string[]
  close(): void
}

/** So many of the store's transactions are committed together: committing costs the simulation a fifth of its time. */
const COMMIT_EVERY = 500

/** Opens an empty store in a temporary folder. Nothing is flushed: a simulated day survives no power cut. */
export async function openScaleStore(): Promise<ScaleStore> {
  const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-scale-'))
  const { db, handle, batch } = openDatabase(folder)
  handle.exec('pragma synchronous = off')
  const spent = { transactions: 0, ms: 0 }
  await migrate(db, SQLITE)
  handle.exec('begin immediate')

  async function transaction<T>(work: () => Promise<T>): Promise<T> {
    const began = performance.now()
    const value = await work()
    spent.transactions += 1
    if (spent.transactions % COMMIT_EVERY === 0) handle.exec('commit; begin immediate')
    spent.ms += performance.now() - began
    return value
  }

  return {
    spent,
    run(name, args) {
      return transaction(() => runOperation(name, args, { db, batch, dialect: SQLITE }))
    },
    statuses() {
      const rows = handle.prepare('select status, count(*) as n from deliveries group by status').all()
      return new Map(rows.map(({ status, n }) => [status as DeliveryStatus, Number(n)]))
    },
    inStatus(status) {
      const rows = handle.prepare('select id from deliveries where status = ?').all(status)
      return rows.map(({ id }) => id as string)
    },
    close() {
      handle.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
