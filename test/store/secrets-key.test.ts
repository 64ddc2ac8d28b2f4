import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readEnvironment } from '../../receiver/config/environment/environment.ts'
import { openStore } from '../../receiver/store/open.ts'
import { StoreRefused } from '../../receiver/store/store.ts'

const KEY = Buffer.alloc(32, 1).toString('base64')
const OTHER = Buffer.alloc(32, 2).toString('base64')

describe('the key of stored secrets', () => {
  let data_dir = ''
  beforeEach(() => {
    data_dir = mkdtempSync(join(tmpdir(), 'model-dispatch-key-'))
  })
  afterEach(() => {
    rmSync(data_dir, { recursive: true, force: true })
  })
  const start = async (env: Record<string, string> = {}) => {
    const store = await openStore(readEnvironment({ DATA_DIR: data_dir, ...env }))
    await store.close()
  }

  it('is made beside the embedded store, for its user alone, and found again', async () => {
    await start()
    const file = join(data_dir, 'secrets.key')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(Buffer.from(readFileSync(file, 'utf8'), 'base64')).toHaveLength(32)
    await start()
  })

  it('stops a start when its file is lost, names the file, and puts no other one in its place', async () => {
    await start()
    const file = join(data_dir, 'secrets.key')
    const kept = readFileSync(file, 'utf8')
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
    await start()
    const file = join(data_dir, 'secrets.key')
    writeFileSync(file, OTHER)
    await expect(start()).rejects.toThrow(`${file} is not the key that this store was made with`)
    expect(readFileSync(file, 'utf8')).toBe(OTHER)
  })

  it('is found again where the process ended before its file had its name', async () => {
    await start()
    const file = join(data_dir, 'secrets.key')
    const key = readFileSync(file, 'utf8')
    renameSync(file, `${file}.new`)
    await start()
    expect(readFileSync(file, 'utf8')).toBe(key)
    expect(readdirSync(data_dir)).not.toContain('secrets.key.new')
  })

  it('stops a start when it is another one, and names the way forward', async () => {
    await start({ SECRETS_KEY: KEY })
    await expect(start({ SECRETS_KEY: OTHER })).rejects.toThrow(
      /SECRETS_KEY is not the key.*SECRETS_KEY_PREVIOUS/s,
    )
    await start({ SECRETS_KEY: KEY })
  })

  it('can be changed with the former one at hand', async () => {
    await start({ SECRETS_KEY: KEY })
    await start({ SECRETS_KEY: OTHER, SECRETS_KEY_PREVIOUS: KEY })
    await start({ SECRETS_KEY: OTHER })
    await expect(start({ SECRETS_KEY: KEY })).rejects.toThrow(/SECRETS_KEY/)
  })

  it('must be 32 bytes in base64', () => {
    expect(() => readEnvironment({ SECRETS_KEY: 'short' })).toThrow(/SECRETS_KEY is not 32 bytes in base64/)
  })
})
