import pg from 'pg'
import { describe, expect, inject, it } from 'vitest'
import { openPostgresStore } from '../../receiver/store/postgres/open.ts'
import { describeStoreAgainstModel } from './against-model.ts'
import { MODELLED } from './histories.ts'
import { describeStore } from './conformance/conformance.ts'

const server = inject('postgresUrl')
let count = 0

async function freshDatabase(): Promise<string> {
  const admin = new pg.Client({ connectionString: server ?? '' })
  await admin.connect()
  const name = `store_${process.pid}_${++count}`
  await admin.query(`create database ${name}`)
  await admin.end()
  return new URL(`/${name}`, server ?? '').href
}

describe.skipIf(server === null)('PostgreSQL', () => {
  describeStore('PostgreSQL', async () => openPostgresStore(await freshDatabase(), { clock: 'caller' }))
  describeStoreAgainstModel('PostgreSQL', async () => {
    const url = await freshDatabase()
    const store = await openPostgresStore(url, { clock: 'caller' })
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    return {
      store,
      async clear() {
        await client.query(`truncate ${MODELLED.join(', ')}`)
      },
      async close() {
        await client.end()
        await store.close()
      },
    }
  })

  it('refuses a URL that leads nowhere, without its password', async () => {
    const nowhere = openPostgresStore('postgres://user:hunter2@127.0.0.1:1/x')
    await expect(nowhere).rejects.toThrow(/DATABASE_URL cannot be used/)
    await expect(nowhere).rejects.not.toThrow(/hunter2/)
  })
})
