import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openSqliteStore } from '../../receiver/store/sqlite/open.ts'
import { StoreRefused, StoreUnavailable } from '../../receiver/store/store.ts'
import { storedEvent } from '../support/events.ts'
import { describeStoreAgainstModel } from './against-model.ts'
import { openSqliteToClear } from './store-to-clear.ts'
import { describeStore } from './conformance/conformance.ts'

const folders: string[] = []
const folder = () => {
  const made = mkdtempSync(join(tmpdir(), 'model-dispatch-store-'))
  folders.push(made)
  return made
}
afterAll(() => {
  for (const made of folders) rmSync(made, { recursive: true, force: true })
})

describeStore('SQLite', openSqliteToClear)
describeStoreAgainstModel('SQLite', openSqliteToClear)

describe('the folder of the SQLite store', () => {
  it('belongs to one process: a second one is refused with a way out', async () => {
    const data_dir = folder()
    const store = await openSqliteStore(data_dir)
    await expect(openSqliteStore(data_dir)).rejects.toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/^Another receiver is running on DATA_DIR/) as string,
        fix: expect.stringContaining('DATABASE_URL') as string,
      }),
    )
    await store.close()
    await (await openSqliteStore(data_dir)).close()
  })

  it('has files for its user alone, even where others may look into the folder', async () => {
    const data_dir = folder()
    chmodSync(data_dir, 0o755)
    const store = await openSqliteStore(data_dir)
    await store.ping({ now: 1 })
    const modes = readdirSync(data_dir).map((name) => [name, statSync(join(data_dir, name)).mode & 0o777])
    expect(modes.map(([name]) => name)).toContain('model-dispatch.sqlite-wal')
    expect(modes.filter(([, mode]) => mode !== 0o600)).toEqual([])
    await store.close()
  })

  it.each(['lock', 'model-dispatch.sqlite'])('is named where a file cannot be opened: %s', async (name) => {
    const data_dir = folder()
    mkdirSync(join(data_dir, name))
    await expect(openSqliteStore(data_dir)).rejects.toThrow(data_dir)
  })

  it('names the lock that is no lock of ours, and does not take it for another receiver', async () => {
    const data_dir = folder()
    writeFileSync(
      join(data_dir, 'lock'),
      'something else, and long enough to be read as a database'.repeat(20),
    )
    await expect(openSqliteStore(data_dir)).rejects.toThrow(/not a database/)
  })

  it.runIf(process.platform === 'linux')('is named where nobody can make a file', async () => {
    await expect(openSqliteStore('/proc')).rejects.toThrow(
      /^\/proc\/lock cannot be written: .*\n {2}-> Let this user read and write/,
    )
  })

  it('is made where it does not exist, and refused where it cannot be', async () => {
    const store = await openSqliteStore(join(folder(), 'a', 'b'))
    await store.close()
    await expect(openSqliteStore('/dev/null/data')).rejects.toThrow(StoreRefused)
  })

  describe('that loses a file of its database while it is open', () => {
    const event = () => ({ now: Date.now(), events: [storedEvent()] })

    it.each(['model-dispatch.sqlite', 'model-dispatch.sqlite-wal'])(
      'keeps nothing any more and says so: %s is removed, then moved back',
      async (name) => {
        const data_dir = folder()
        const store = await openSqliteStore(data_dir)
        await store.accept(event())
        renameSync(join(data_dir, name), join(data_dir, 'aside'))
        for (const call of [() => store.accept(event()), () => store.ping({ now: Date.now() })]) {
          const error: unknown = await call().catch((thrown: unknown) => thrown)
          expect(error).toBeInstanceOf(StoreUnavailable)
          expect(error).toMatchObject({
            message: `${join(data_dir, name)} was removed or replaced while the receiver runs: what is written now would be lost.`,
            fix: expect.stringContaining('Move the file back') as string,
          })
        }
        renameSync(join(data_dir, 'aside'), join(data_dir, name))
        await store.accept(event())
        await store.close()
      },
    )

    it('reads no other file in its place, and makes none', async () => {
      const data_dir = folder()
      const path = join(data_dir, 'model-dispatch.sqlite')
      const store = await openSqliteStore(data_dir)
      await store.accept(event())
      renameSync(path, join(data_dir, 'aside'))
      await expect(store.listEvents({ limit: 1 })).rejects.toThrow(/was removed or replaced/)
      expect(existsSync(path)).toBe(false)
      renameSync(join(data_dir, 'aside'), path)
      expect((await store.listEvents({ limit: 1 })).items).toHaveLength(1)
      await store.close()
    })

    it('keeps nothing any more when a backup is put in its place', async () => {
      const data_dir = folder()
      const path = join(data_dir, 'model-dispatch.sqlite')
      const store = await openSqliteStore(data_dir)
      copyFileSync(path, `${path}.backup`)
      renameSync(`${path}.backup`, path)
      await expect(store.accept(event())).rejects.toThrow(/was removed or replaced/)
      await store.close()
    })
  })

  it('has one owner when its lock is removed: the second one, and the first does nothing any more', async () => {
    const data_dir = folder()
    const first = await openSqliteStore(data_dir)
    await first.ping({ now: Date.now() })
    unlinkSync(join(data_dir, 'lock'))
    const second = await openSqliteStore(data_dir)
    await second.ping({ now: Date.now() })
    const error: unknown = await first
      .advance({ now: Date.now(), finished: [], capacity: 1, lease_ms: 60_000, lanes: [] })
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(StoreUnavailable)
    expect(error).toMatchObject({
      message: expect.stringContaining('Another receiver has opened') as string,
      fix: expect.stringContaining('Stop one of the two') as string,
    })
    await second.ping({ now: Date.now() })
    await first.close()
    await second.close()
  })
})
