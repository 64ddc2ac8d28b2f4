import { describe, expect, inject, it } from 'vitest'
import { createDatabase } from '../support/database.ts'
import { hammer } from './hammer.ts'

const server = inject('postgresUrl')
const TIMEOUT_MS = 90_000

/** Nothing here is about what survives a crash, and then commits need not wait for the disk. */
const unflushed = (url: string) => `${url}?options=${encodeURIComponent('-c synchronous_commit=off')}`

describe.skipIf(server === null)('three replicas that accept, attempt, cancel and redeliver at once', () => {
  it(
    'lose nothing: every subject keeps its head, no two live claims, all end, nobody waits in a circle',
    { timeout: TIMEOUT_MS },
    async () => {
      const url = unflushed(await createDatabase(server ?? ''))
      const report = await hammer({ url, replicas: 3, accepts: 120, subjects: 30, seed: 1 })
      expect(report.violations).toEqual([])
      expect(report.deadlocks).toBe(0)
      expect(report.ended.succeeded).toBeGreaterThan(report.accepted / 4)
      expect(report.dropped).toBeGreaterThan(0)
    },
  )

  it('lose nothing while a lane gets another name again and again', { timeout: TIMEOUT_MS }, async () => {
    const url = unflushed(await createDatabase(server ?? ''))
    const report = await hammer({ url, replicas: 3, accepts: 50, subjects: 30, seed: 2, rename: true })
    expect(report.violations).toEqual([])
    expect(report.ended.succeeded).toBeGreaterThan(report.accepted / 4)
  })
})
