import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { describe, expect, inject, it } from 'vitest'
import { jsonText } from '../../receiver/store/json-text.ts'
import { openPostgresStore } from '../../receiver/store/postgres/open.ts'
import { openSqliteStore } from '../../receiver/store/sqlite/open.ts'
import type { Store } from '../../receiver/store/store.ts'
import { createDatabase } from '../support/database.ts'
import { storedEvent } from '../support/events.ts'

const server = inject('postgresUrl')
/** More than the store has connections. */
const LISTS = 20

const accept = (store: Store) => store.accept({ now: Date.now(), events: [storedEvent()] })

/** Asks for that many lists at once, then accepts an event. Returns what ended in which order. */
async function race(store: Store, list: () => Promise<unknown>, between: () => Promise<unknown>) {
  const ended: string[] = []
  const lists = Array.from({ length: LISTS }, () => list().then(() => ended.push('list')))
  await accept(store)
  ended.push('accept')
  await between()
  await Promise.all(lists)
  return ended
}

describe('a list that takes long', () => {
  it('does not hold up an accept on SQLite', async () => {
    const data_dir = mkdtempSync(join(tmpdir(), 'model-dispatch-lists-'))
    const store = await openSqliteStore(data_dir)
    const event = jsonText({ title: 'x'.repeat(50_000) } as never)
    const events = () => Array.from({ length: 100 }, () => storedEvent({ event }))
    for (let group = 0; group < 3; group++) await store.accept({ now: Date.now(), events: events() })
    const search = () => store.listEvents({ limit: 50, q: 'no such text' })
    const ended = await race(store, search, () => Promise.resolve())
    expect(ended.at(-1)).toBe('list')
    expect(ended).toHaveLength(LISTS + 1)
    await store.close()
    rmSync(data_dir, { recursive: true })
  })

  it.skipIf(server === null)('does not hold up an accept on PostgreSQL', async () => {
    const url = await createDatabase(server ?? '')
    const store = await openPostgresStore(url)
    await accept(store)
    const other = new pg.Client({ connectionString: url })
    await other.connect()
    // Pages that lists read and accepts do not.
    await other.query('begin; lock table attempts in access exclusive mode')
    const ended = await race(
      store,
      () => store.listEvents({ limit: 50 }),
      () => other.query('commit'),
    )
    expect(ended).toEqual(['accept', ...Array.from({ length: LISTS }, () => 'list')])
    await other.end()
    await store.close()
  })

  it('shows what was written before it was asked for', async () => {
    const data_dir = mkdtempSync(join(tmpdir(), 'model-dispatch-lists-'))
    const store = await openSqliteStore(data_dir)
    for (let n = 1; n <= 50; n++) {
      const [accepted] = await accept(store)
      const { items } = await store.listEvents({ limit: 1 })
      expect(items.map(({ id }) => id)).toEqual([accepted?.event_id])
    }
    await store.close()
    rmSync(data_dir, { recursive: true })
  })
})
