import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openSqliteStore } from '../../receiver/store/sqlite/open.ts'
import { fillLists } from '../scale/fill-lists.ts'
import { startScene, type Scene } from '../support/scene.ts'

/** Starts a receiver on a store with so many deliveries, of twice as many events: the newest came just now. */
export async function startLongScene(deliveries: number): Promise<Scene> {
  const data_dir = mkdtempSync(join(tmpdir(), 'model-dispatch-long-'))
  await (await openSqliteStore(data_dir)).close()
  const events = 2 * deliveries
  const numbers = `(with recursive n(i) as (select 1 union all select i + 1 from n where i < ${events}) select i from n)`
  const database = new DatabaseSync(join(data_dir, 'model-dispatch.sqlite'))
  for (const text of fillLists({ numbers, raw: "x'7b7d'", began: Date.now() - events * 1_000 }))
    database.exec(text)
  database.close()
  const scene = await startScene({ data_dir })
  const close = async () => {
    await scene.close()
    rmSync(data_dir, { recursive: true, force: true })
  }
  return { ...scene, close }
}
