import { describe, expect, inject, it } from 'vitest'
import { createDatabase } from '../support/database.ts'
import { inWords } from '../support/verdict.ts'
import { killUnderLoad } from './kill.ts'

const server = inject('postgresUrl')
const KILLS = 3
const usual = { kills: KILLS, seed: 7, hurry: true, settle_ms: 60_000 }

describe(`kill -9 at ${KILLS} random moments under load`, () => {
  it(
    'of the one receiver on SQLite: what was accepted is acted on, in order',
    { timeout: 90_000 },
    async () => {
      const verdict = await killUnderLoad({ ...usual, database: null, per_second: 40 })
      console.info(`SQLite, ${KILLS} kills: ${inWords(verdict)}`)
      expect(verdict).toMatchObject({ problems: [], acted: verdict.accepted })
      expect(verdict.accepted).toBeGreaterThan(20)
    },
  )

  it.skipIf(server === null)(
    'of any of three replicas on PostgreSQL: the others take over',
    { timeout: 120_000 },
    async () => {
      const database = await createDatabase(server ?? '')
      const verdict = await killUnderLoad({ ...usual, database, replicas: 3, per_second: 20 })
      console.info(`PostgreSQL, three replicas, ${KILLS} kills: ${inWords(verdict)}`)
      expect(verdict).toMatchObject({ problems: [], acted: verdict.accepted })
      expect(verdict.accepted).toBeGreaterThan(20)
    },
  )
})
