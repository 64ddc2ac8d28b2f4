import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, it } from 'vitest'
import { openSqliteStore } from '../../receiver/store/sqlite/open.ts'
import { StoreRefused } from '../../receiver/store/store.ts'
import { describeStoreAgainstModel, MODELLED } from './against-model.ts'
import { describeStore } from './conformance.ts'

const folders: string[] = []
const folder = () => {
  const made = mkdtempSync(join(tmpdir(), 'model-dispatch-store-'))
  folders.push(made)
  return made
}
afterAll(() => {
  for (const made of folders) rmSync(made, { recursive: true, force: true })
})

describeStore('SQLite', () => openSqliteStore(folder()))
describeStoreAgainstModel('SQLite', async () => {
  const data_dir = folder()
  const store = await openSqliteStore(data_dir)
  const database = new DatabaseSync(join(data_dir, 'model-dispatch.sqlite'))
  return {
    store,
    clear() {
      for (const table of MODELLED) database.exec(`delete from ${table}`)
      return Promise.resolve()
    },
    async close() {
      database.close()
      await store.close()
    },
  }
})

describe('the folder of the SQLite store', () => {
  it('belongs to one process: a second one is refused with a way out', async () => {
    const data_dir = folder()
    const store = await openSqliteStore(data_dir)
    await expect(openSqliteStore(data_dir)).rejects.toThrow(
      /Another receiver is running on DATA_DIR.*DATABASE_URL/s,
    )
    await store.close()
    await (await openSqliteStore(data_dir)).close()
  })

  it('is made where it does not exist, and refused where it cannot be', async () => {
    const store = await openSqliteStore(join(folder(), 'a', 'b'))
    await store.close()
    await expect(openSqliteStore('/dev/null/data')).rejects.toThrow(StoreRefused)
  })
})
