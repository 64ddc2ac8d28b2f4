import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { readEnvironment } from '../../receiver/config/environment/environment.ts'
import { createLog } from '../../receiver/observe/log.ts'
import { openStoredSecrets, type StoredSecrets } from '../../receiver/runtime/stored-secrets.ts'
import { openStore } from '../../receiver/store/open.ts'
import { openSecretsKeys } from '../../receiver/store/secrets-key.ts'
import { StoreRefused, type Store } from '../../receiver/store/store.ts'

const KEY = Buffer.alloc(32, 1).toString('base64')
const OTHER = Buffer.alloc(32, 2).toString('base64')
const SLACK = { name: 'SLACK_TOKEN', hosts: ['hooks.slack.com'], value: 'the-value-of-the-token' }

let data_dir = ''
let file = ''
let now = 1_800_000_000_000
beforeEach(() => {
  data_dir = mkdtempSync(join(tmpdir(), 'model-dispatch-key-'))
  file = join(data_dir, 'secrets.key')
  return () => rmSync(data_dir, { recursive: true, force: true })
})

/** What a process with this environment has from its start to its end. */
async function during<T>(
  env: Record<string, string>,
  work: (secrets: StoredSecrets, store: Store) => Promise<T>,
): Promise<T> {
  const environment = readEnvironment({ DATA_DIR: data_dir, ...env })
  const store = await openStore(environment)
  const clock = { wall: () => now, steady: () => now }
  try {
    const keys = openSecretsKeys(environment)
    const secrets = await openStoredSecrets({ store, keys, clock, log: createLog('silent') })
    return await work(secrets, store)
  } finally {
    await store.close()
  }
}

const start = (env: Record<string, string> = {}) => during(env, () => Promise.resolve())
const store = (env: Record<string, string> = {}) => during(env, (secrets) => secrets.put(SLACK))
const read = (env: Record<string, string> = {}) =>
  during(env, async (secrets) => (await secrets.read([SLACK.name])).get(SLACK.name)?.value.reveal())

/** The refusal of a start. */
async function refusalOf(starting: Promise<unknown>): Promise<string> {
  const error: unknown = await starting.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(StoreRefused)
  return String(error)
}

describe('the key of stored secrets', () => {
  it('is not asked for, and not made, while no secret is stored', async () => {
    await start()
    await start({ SECRETS_KEY: KEY })
    await start({ SECRETS_KEY: OTHER })
    await start()
    expect(readdirSync(data_dir)).not.toContain('secrets.key')
    writeFileSync(file, 'no key')
    await start()
  })

  it('is made beside the embedded store with the first secret, for its user alone, and found again', async () => {
    expect(await store()).toBe('created')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(Buffer.from(readFileSync(file, 'utf8'), 'base64')).toHaveLength(32)
    expect(readdirSync(data_dir)).not.toContain('secrets.key.new')
    expect(await read()).toBe(SLACK.value)
  })

  it('stops a start when its file is lost, names the file, and puts no other one in its place', async () => {
    await store()
    const kept = readFileSync(file, 'utf8')
    rmSync(file)
    for (let n = 0; n < 2; n++) {
      expect(await refusalOf(start())).toMatch(/secrets\.key is missing.*-> Restore it from a backup/s)
      expect(readdirSync(data_dir).filter((name) => name.startsWith('secrets'))).toEqual([])
    }
    expect(await read({ SECRETS_KEY: kept })).toBe(SLACK.value)
    writeFileSync(file, kept)
    expect(await read()).toBe(SLACK.value)
  })

  it('stops a start when its file is the one of another store, or no key', async () => {
    await store()
    writeFileSync(file, OTHER)
    expect(await refusalOf(start())).toContain(`${file} is not the key`)
    expect(readFileSync(file, 'utf8')).toBe(OTHER)
    writeFileSync(file, 'no key')
    expect(await refusalOf(start())).toContain(`${file} does not hold 32 bytes`)
  })

  it('is not asked for any more when the last secret is deleted', async () => {
    await store({ SECRETS_KEY: KEY })
    await refusalOf(start({ SECRETS_KEY: OTHER }))
    expect(await during({ SECRETS_KEY: KEY }, (secrets) => secrets.delete(SLACK.name))).toBe(true)
    expect(await store({ SECRETS_KEY: OTHER })).toBe('created')
  })

  it('stops a start when it is another one, and names the way forward', async () => {
    await store({ SECRETS_KEY: KEY })
    expect(await refusalOf(start({ SECRETS_KEY: OTHER }))).toMatch(
      /SECRETS_KEY is not the key.*SECRETS_KEY_PREVIOUS/s,
    )
    expect(await read({ SECRETS_KEY: KEY })).toBe(SLACK.value)
  })

  it('can be changed with the former one at hand: what is stored is encrypted again', async () => {
    await store({ SECRETS_KEY: KEY })
    expect(await read({ SECRETS_KEY: OTHER, SECRETS_KEY_PREVIOUS: KEY })).toBe(SLACK.value)
    expect(await read({ SECRETS_KEY: OTHER })).toBe(SLACK.value)
    await refusalOf(start({ SECRETS_KEY: KEY }))
  })

  it('can be changed from the one in the file', async () => {
    await store()
    const former = readFileSync(file, 'utf8').trim()
    expect(await read({ SECRETS_KEY: OTHER, SECRETS_KEY_PREVIOUS: former })).toBe(SLACK.value)
    rmSync(file)
    expect(await read({ SECRETS_KEY: OTHER })).toBe(SLACK.value)
  })

  it('must be 32 bytes in base64', () => {
    expect(() => readEnvironment({ SECRETS_KEY: 'short' })).toThrow(/SECRETS_KEY: is not 32 bytes/)
  })

  it('is the operator’s to set beside a PostgreSQL server', () => {
    const environment = readEnvironment({ DATABASE_URL: 'postgres://localhost/x', DATA_DIR: data_dir })
    expect(openSecretsKeys(environment).make()).toBeNull()
    expect(readdirSync(data_dir)).toEqual([])
  })
})

describe('a stored secret', () => {
  it('is in no byte of DATA_DIR', async () => {
    await during({}, async (secrets) => {
      await secrets.put(SLACK)
      await secrets.put({ ...SLACK, value: `${SLACK.value}-2` })
    })
    const bytes = Buffer.concat(readdirSync(data_dir).map((name) => readFileSync(join(data_dir, name))))
    expect(bytes.includes(SLACK.name)).toBe(true)
    expect(bytes.includes(SLACK.value)).toBe(false)
    expect(bytes.includes(Buffer.from(SLACK.value).toString('base64').slice(0, 20))).toBe(false)
  })

  it('cannot be opened under another host or name that somebody wrote into the database', async () => {
    await during({ SECRETS_KEY: KEY }, async (secrets, opened) => {
      await secrets.put(SLACK)
      const [row] = await opened.readSecrets({ names: [SLACK.name] })
      if (row === undefined) throw new Error('It is not stored.')
      for (const changed of [
        { ...row, hosts: ['evil.example'] },
        { ...row, name: 'OTHER' },
      ]) {
        await opened.putSecret({ secret: changed, accepts: [row.key_id], now })
        await expect(secrets.read([changed.name])).rejects.toThrow(/changed outside of the receiver/)
      }
    })
  })

  it('shows about when it was used last, and costs a write a minute at most', async () => {
    await during({ SECRETS_KEY: KEY }, async (secrets) => {
      await secrets.put(SLACK)
      const used = async () => (await secrets.list())[0]?.last_used_at
      expect(await used()).toBeNull()
      const first = now
      secrets.used([SLACK.name])
      await expect.poll(used).toBe(first)
      now += 59_000
      secrets.used([SLACK.name])
      expect(await used()).toBe(first)
      now += 1_000
      secrets.used([SLACK.name])
      await expect.poll(used).toBe(first + 60_000)
    })
  })
})
