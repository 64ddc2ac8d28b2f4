import { mkdirSync } from 'node:fs'
import { migrate } from '../../receiver/store/migrations/migrate.ts'
import { openDatabase } from '../../receiver/store/sqlite/database.ts'
import { SQLITE } from '../../receiver/store/sqlite/dialect.ts'

/**
 * Makes the tables in DATA_DIR and dies before they are committed.
 *   node test/faults/interrupted-migration.ts DATA_DIR
 */
const [, , data_dir = ''] = process.argv
mkdirSync(data_dir, { recursive: true })
const { db, handle } = openDatabase(data_dir)
handle.exec('begin immediate')
await migrate(db, SQLITE)
process.kill(process.pid, 'SIGKILL')
