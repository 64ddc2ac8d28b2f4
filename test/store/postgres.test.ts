import pg from 'pg'
import { describe, expect, inject, it } from 'vitest'
import { openPostgresStore } from '../../receiver/store/postgres/open.ts'
import { describeStoreAgainstModel } from './against-model.ts'
import { describeStore } from './conformance/conformance.ts'
import { openPostgresToClear } from './store-to-clear.ts'

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
  const open = async () => openPostgresToClear(await freshDatabase())
  describeStore('PostgreSQL', open)
  describeStoreAgainstModel('PostgreSQL', open)

  it('refuses a URL that leads nowhere, without its password', async () => {
    const nowhere = openPostgresStore('postgres://user:hunter2@127.0.0.1:1/x')
    await expect(nowhere).rejects.toThrow(/DATABASE_URL cannot be used/)
    await expect(nowhere).rejects.not.toThrow(/hunter2/)
  })
})
