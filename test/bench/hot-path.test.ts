import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, inject, it } from 'vitest'
import { createDatabase } from '../support/database.ts'
import { measureRoundTrips } from './hot-path/round-trips.ts'
import { measureWrites } from './hot-path/writes.ts'

const server = inject('postgresUrl')
const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-hot-path-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Counts of work, not times: they are the same on every machine. */
const LONGEST_MS = 180_000

describe('an event that is accepted on SQLite', () => {
  it(
    'writes at most 35 KB in a group of 16, checkpoints included',
    async () => {
      const { bytes } = await measureWrites(folder, { groups: 150, size: 16 })
      expect(bytes).toBeLessThanOrEqual(35_000)
    },
    LONGEST_MS,
  )

  it(
    'puts at most 5 frames into the log in a group of 32',
    async () => {
      const { frames } = await measureWrites(folder, { groups: 100, size: 32 })
      expect(frames).toBeLessThanOrEqual(5)
    },
    LONGEST_MS,
  )
})

describe.skipIf(server === null)('the hot path on PostgreSQL', () => {
  it(
    'waits for the server 3 times to accept a group, 2 times to claim, 4 times to finish and claim, at most',
    async () => {
      const counts = await measureRoundTrips(folder, await createDatabase(server ?? ''))
      expect(counts.accept_one).toBeLessThanOrEqual(3)
      expect(counts.accept_group).toBeLessThanOrEqual(3)
      expect(counts.claim).toBeLessThanOrEqual(2)
      expect(counts.finish_and_claim).toBeLessThanOrEqual(4)
    },
    LONGEST_MS,
  )
})
