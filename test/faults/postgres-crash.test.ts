import { describe, expect, inject, it } from 'vitest'
import { inWords } from '../support/verdict.ts'
import { crashUnderLoad } from './postgres-crash.ts'

const programs = inject('postgresPrograms')

describe.skipIf(programs === null)('a PostgreSQL server that dies under load', () => {
  it(
    'for a moment, then for 7 s: requests are held up to 5 s, then 503; the receivers go on by themselves',
    { timeout: 120_000 },
    async () => {
      const report = await crashUnderLoad({
        programs: programs ?? '',
        replicas: 2,
        away_ms: [500, 7_000],
        per_second: 15,
        settle_ms: 60_000,
      })
      const { verdict, held, longest_ms, restarted } = report
      console.info(
        `PostgreSQL dies twice: ${inWords(verdict)}, held over 1 s ${held}, longest ${longest_ms} ms`,
      )
      expect(verdict).toMatchObject({ problems: [], acted: verdict.accepted, unknown: 0 })
      expect(held).toBeGreaterThan(0)
      expect(verdict.refused).toBeGreaterThan(0)
      expect(longest_ms).toBeLessThan(12_000)
      expect(restarted).toBe(0)
    },
  )
})
