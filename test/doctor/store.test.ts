import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { openStore } from '../../receiver/store/open.ts'
import { createDatabase } from '../support/database.ts'
import { startScene } from '../support/scene.ts'
import { doctor, folder } from './scene.ts'

const NO_DATABASE = { database_url: null }

const dataDir = () => mkdtempSync(join(folder, 'data-'))

async function madeStore(): Promise<string> {
  const data_dir = dataDir()
  await (await openStore({ ...NO_DATABASE, data_dir })).close()
  return data_dir
}

const linesOf = async (env: Record<string, string>) => (await doctor({ env })).lines

describe('the doctor, of an embedded store', () => {
  it('says nothing where there is none yet, or a good one, and leaves no file behind', async () => {
    expect(await linesOf({ DATA_DIR: join(dataDir(), 'not', 'yet') })).toEqual([])
    expect(await linesOf({ DATA_DIR: await madeStore() })).toEqual([])
  })

  it('names a store of a newer version', async () => {
    const data_dir = await madeStore()
    const database = new DatabaseSync(join(data_dir, 'model-dispatch.sqlite'))
    database.exec("update facts set value = '99' where key = 'schema'")
    database.close()
    expect(await linesOf({ DATA_DIR: data_dir })).toEqual([
      expect.stringMatching(
        /^problem: DATA_DIR: The store has schema 99.*newer version.* -> Start that version/,
      ),
    ])
  })

  it.each([
    ['is no database', 'x'.repeat(5_000), /file is not a database.* -> .*restore a backup/],
    ['is damaged', `SQLite format 3\0${'x'.repeat(5_000)}`, /-> .*restore a backup/],
  ])('names a file that %s', async (_, text, message) => {
    const data_dir = dataDir()
    writeFileSync(join(data_dir, 'model-dispatch.sqlite'), text)
    expect(await linesOf({ DATA_DIR: data_dir })).toEqual([expect.stringMatching(message)])
  })

  it('names a key of stored secrets that cannot be used', async () => {
    const data_dir = await madeStore()
    writeFileSync(join(data_dir, 'secrets.key'), 'short')
    expect(await linesOf({ DATA_DIR: data_dir })).toEqual([
      expect.stringMatching(/^problem: DATA_DIR: .*secrets\.key/),
    ])
  })

  it('names a DATA_DIR that is a file', async () => {
    const data_dir = join(dataDir(), 'file')
    writeFileSync(data_dir, '')
    expect(await linesOf({ DATA_DIR: data_dir })).toEqual([
      expect.stringMatching(/DATA_DIR: .*is a file, and not a folder/),
    ])
  })

  it('names another process that has the folder, and is silent beside the receiver itself', async () => {
    const scene = await startScene()
    onTestFinished(() => scene.close())
    const { data_dir, url } = scene.receiver
    expect(await linesOf({ DATA_DIR: data_dir, PORT: new URL(url).port })).toEqual([])
    expect(await linesOf({ DATA_DIR: data_dir, PORT: '2' })).toEqual([
      expect.stringMatching(/Another process has .* open, and no receiver answers on port 2\. -> .*PORT/),
    ])
  })
})

const server = inject('postgresUrl')

describe.skipIf(server === null)('the doctor, of a store in PostgreSQL', () => {
  const KEY = Buffer.alloc(32, 1).toString('base64')
  const of = (url: string) => linesOf({ DATABASE_URL: url, SECRETS_KEY: KEY })
  const query = async (url: string, text: string) => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query(text)
    await client.end()
  }

  it('says nothing of an empty database, or a good store, and makes no table', async () => {
    const url = await createDatabase(String(server))
    expect(await of(url)).toEqual([])
    await (await openStore({ database_url: url, data_dir: '' })).close()
    expect(await of(url)).toEqual([])
  })

  it('names a database that does not exist, with the statement that makes it', async () => {
    const url = new URL('/not_there', String(server)).href
    expect(await of(url)).toEqual([
      expect.stringMatching(
        /^problem: DATABASE_URL: .*"not_there" does not exist.* -> Create it \(`create database/,
      ),
    ])
  })

  it('names a store of a newer version', async () => {
    const url = await createDatabase(String(server))
    await (await openStore({ database_url: url, data_dir: '' })).close()
    await query(url, "update facts set value = '99' where key = 'schema'")
    expect(await of(url)).toEqual([expect.stringMatching(/DATABASE_URL: The store has schema 99/)])
  })

  it('names a user who may make no tables', async () => {
    const url = await createDatabase(String(server))
    const name = `reader_${process.pid}`
    await query(url, `create role ${name} login; revoke create on schema public from public`)
    const reader = new URL(url)
    reader.username = name
    expect(await of(reader.href)).toEqual([
      expect.stringMatching(/may not use the tables, or make them.* -> .*grant create/),
    ])
    await query(url, `drop role ${name}`)
  })
})
