import { describe, expect, inject, it } from 'vitest'
import { createDatabase } from '../support/database.ts'
import { meetTroubles, SHORT_TROUBLES } from './github-trouble.ts'

const server = inject('postgresUrl')
const SETTLE_MS = 30_000

describe.each([
  { store: 'SQLite', runs: true, database: () => Promise.resolve(null) },
  { store: 'PostgreSQL', runs: server !== null, database: () => createDatabase(server ?? '') },
])('a GitHub in trouble for a while, on $store', ({ runs, database }) => {
  it.skipIf(!runs)(
    `(${SHORT_TROUBLES.length} troubles at once): all is acted on in the end, in order, and nobody else waits for it`,
    { timeout: 90_000 },
    async () => {
      const verdicts = await meetTroubles(SHORT_TROUBLES, {
        database: await database(),
        settle_ms: SETTLE_MS,
      })
      const problems = [...verdicts].flatMap(([name, verdict]) =>
        verdict.problems.map((problem) => `${name}: ${problem}`),
      )
      expect(problems).toEqual([])
      for (const [, { accepted, acted }] of verdicts) expect([accepted, acted]).toEqual([9, 9])
    },
  )
})
