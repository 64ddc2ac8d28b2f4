/**
 * Accepts groups of events without a pause, and prints the ids of each group once it is stored.
 *   node test/store/accept-until-killed.ts DATA_DIR PREFIX
 */
import { openSqliteStore } from '../../receiver/store/sqlite/open.ts'
import { largeEvents } from './large-events.ts'

const [data_dir = '', prefix = ''] = process.argv.slice(2)
const store = await openSqliteStore(data_dir)
for (;;) {
  const accepted = await store.accept({ now: Date.now(), events: largeEvents(prefix, 10_000) })
  process.stdout.write(accepted.map(({ event_id }) => `${event_id}\n`).join(''))
}
