import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { readEnvironment } from '../../receiver/config/environment/environment.ts'
import { openStore } from '../../receiver/store/open.ts'
import { takeSecretsKey } from '../../receiver/store/secrets-key.ts'
import { StoreRefused } from '../../receiver/store/store.ts'
import { createDatabase } from '../support/database.ts'

const KEY = Buffer.alloc(32, 1).toString('base64')
const OTHER = Buffer.alloc(32, 2).toString('base64')
const server = inject('postgresUrl')

describe('the key of stored secrets', () => {
  let data_dir = ''
  let file = ''
  beforeEach(() => {
    data_dir = mkdtempSync(join(tmpdir(), 'model-dispatch-key-'))
    file = join(data_dir, 'secrets.key')
  })
  afterEach(() => {
    rmSync(data_dir, { recursive: true, force: true })
  })
  const open = (env: Record<string, string>) => openStore(readEnvironment({ DATA_DIR: data_dir, ...env }))
  const start = async (env: Record<string, string> = {}) => {
    await (await open(env)).close()
  }
  /** A start, and what storing the first secret needs. */
  const startAndTake = async (env: Record<string, string> = {}) => {
    const store = await open(env)
    try {
      return (await takeSecretsKey(store, readEnvironment({ DATA_DIR: data_dir, ...env }))).toString('base64')
    } finally {
      await store.close()
    }
  }

  describe('while no secret is stored', () => {
    it('is neither made nor asked for', async () => {
      await start()
      await start()
      expect(readdirSync(data_dir).filter((name) => name.startsWith('secrets'))).toEqual([])
    })

    it('may be any one, and another one at the next start', async () => {
      await start({ SECRETS_KEY: KEY })
      await start({ SECRETS_KEY: OTHER })
      await start()
    })

    it('may be lost', async () => {
      writeFileSync(file, KEY)
      await start()
      rmSync(file)
      await start()
    })
  })

  describe('when the first secret is stored', () => {
    it('is made beside the embedded store, for its user alone, and found again', async () => {
      const key = await startAndTake()
      expect(statSync(file).mode & 0o777).toBe(0o600)
      expect(readFileSync(file, 'utf8')).toBe(`${key}\n`)
      expect(Buffer.from(key, 'base64')).toHaveLength(32)
      expect(await startAndTake()).toBe(key)
      expect(readdirSync(data_dir)).not.toContain('secrets.key.new')
    })

    it('is SECRETS_KEY where that is set, and then no file is made', async () => {
      expect(await startAndTake({ SECRETS_KEY: KEY })).toBe(KEY)
      expect(readdirSync(data_dir)).not.toContain('secrets.key')
    })

    it.skipIf(server === null)(
      'must be set on PostgreSQL, where each replica would make its own',
      async () => {
        const DATABASE_URL = await createDatabase(server ?? '')
        await start({ DATABASE_URL })
        await expect(startAndTake({ DATABASE_URL })).rejects.toThrow(/SECRETS_KEY is not set.*openssl rand/)
        expect(await startAndTake({ DATABASE_URL, SECRETS_KEY: KEY })).toBe(KEY)
      },
    )
  })

  describe('when secrets are stored', () => {
    it('stops a start when its file is lost, names the file, and puts no other one in its place', async () => {
      const kept = await startAndTake()
      rmSync(file)
      for (let n = 0; n < 2; n++) {
        const error: unknown = await start().catch((thrown: unknown) => thrown)
        expect(error).toBeInstanceOf(StoreRefused)
        expect(String(error)).toContain(`${file} is missing`)
        expect(String(error)).toMatch(/-> Restore it from a backup/)
        expect(readdirSync(data_dir).filter((name) => name.startsWith('secrets'))).toEqual([])
      }
      await start({ SECRETS_KEY: kept })
      writeFileSync(file, kept)
      await start()
    })

    it('stops a start when its file is the one of another store', async () => {
      await startAndTake()
      writeFileSync(file, OTHER)
      await expect(start()).rejects.toThrow(
        `${file} is not the key that secrets in this store were encrypted with`,
      )
      expect(readFileSync(file, 'utf8')).toBe(OTHER)
    })

    it('stops a start when it is another one, and names the way forward', async () => {
      await startAndTake({ SECRETS_KEY: KEY })
      await expect(start({ SECRETS_KEY: OTHER })).rejects.toThrow(
        /SECRETS_KEY is not the key.*SECRETS_KEY_PREVIOUS/s,
      )
      await start({ SECRETS_KEY: KEY })
    })

    it('can be changed with the former one at hand', async () => {
      await startAndTake({ SECRETS_KEY: KEY })
      await start({ SECRETS_KEY: OTHER, SECRETS_KEY_PREVIOUS: KEY })
      await start({ SECRETS_KEY: OTHER })
      await expect(start({ SECRETS_KEY: KEY })).rejects.toThrow(/SECRETS_KEY/)
    })
  })

  it('must be 32 bytes in base64', () => {
    expect(() => readEnvironment({ SECRETS_KEY: 'short' })).toThrow(/SECRETS_KEY is not 32 bytes in base64/)
  })
})
