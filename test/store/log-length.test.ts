import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { openSqliteStore } from '../../receiver/store/sqlite/open.ts'
import type { Store } from '../../receiver/store/store.ts'
import { largeEvents } from './large-events.ts'

const root = mkdtempSync(join(tmpdir(), 'model-dispatch-log-length-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let data_dir: string
beforeEach(() => {
  data_dir = mkdtempSync(join(root, 'data-'))
})

const FILE = 'model-dispatch.sqlite'
const logBytes = () => statSync(join(data_dir, `${FILE}-wal`)).size
/** The most that a log has: 32,000 frames, and the last transaction. */
const MOST_BYTES = 32_000 * 4_120 + 8_000_000
/** The length that a log is cut to when it begins anew. */
const USUAL_BYTES = 16_000 * 4_096
const LONGEST_MS = 120_000

const accept = (store: Store) => store.accept({ now: Date.now(), events: largeEvents('evt', 100_000) })

describe("SQLite's log", () => {
  it(
    'stays within its bound while events are accepted without a pause',
    async () => {
      const store = await openSqliteStore(data_dir)
      let longest = 0
      for (let written = 0; written < 2 * MOST_BYTES; written += 3_500_000) {
        await accept(store)
        longest = Math.max(longest, logBytes())
      }
      expect(longest).toBeLessThan(MOST_BYTES)
      await store.close()
    },
    LONGEST_MS,
  )

  it(
    'grows while another program reads for long: events are still accepted, a line says so, and it is short again afterwards',
    async () => {
      const lines: [Record<string, unknown>, string][] = []
      const warn = (...line: (typeof lines)[number]) => lines.push(line)
      const store = await openSqliteStore(data_dir, { log: { warn } as never })
      await accept(store)
      const other = new DatabaseSync(join(data_dir, FILE), { readOnly: true })
      other.exec('begin; select count(*) from events')
      while (lines.length === 0) expect(await accept(store)).toHaveLength(32)
      expect(logBytes()).toBeGreaterThan(USUAL_BYTES)
      expect(lines).toEqual([
        [
          {
            megabytes: expect.any(Number) as number,
            reason: 'something has been reading the database for long',
            fix: expect.stringContaining('End the backup or shell') as string,
          },
          'the log of the database grows: it could not be written into the database',
        ],
      ])
      other.exec('commit')
      other.close()
      await expect
        .poll(async () => (await accept(store), logBytes()), { timeout: LONGEST_MS })
        .toBeLessThan(MOST_BYTES)
      await store.close()
    },
    LONGEST_MS,
  )

  it(
    'loses nothing when the process is killed while it is written into the database',
    async () => {
      const stored: string[] = []
      for (let kills = 0; kills < 5; kills++) {
        const script = join(import.meta.dirname, 'accept-until-killed.ts')
        const child = spawn(process.execPath, [script, data_dir, `run-${kills}`])
        child.stdout.setEncoding('utf8')
        let text = ''
        child.stdout.on('data', (part: string) => {
          // The log is written into the database some 500 ms after something was written, and again 500 ms later.
          if (text === '') setTimeout(() => child.kill('SIGKILL'), 500 + 150 * kills)
          text += part
        })
        await once(child, 'close')
        stored.push(...text.split('\n').slice(0, -1))
      }
      const database = new DatabaseSync(join(data_dir, FILE))
      expect(database.prepare('pragma integrity_check').get()).toEqual({ integrity_check: 'ok' })
      const found = database.prepare('select id from events').all()
      database.close()
      const ids = new Set(found.map(({ id }) => id))
      expect(stored.length).toBeGreaterThan(5 * 32)
      expect(stored.filter((id) => !ids.has(id))).toEqual([])
    },
    LONGEST_MS,
  )
})
