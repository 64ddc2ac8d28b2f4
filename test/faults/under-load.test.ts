import { describe, expect, inject, it } from 'vitest'
import { createDatabase } from '../support/database.ts'
import { inWords, type Verdict } from '../support/verdict.ts'
import { meetTroubles, shortTroubles } from './github-trouble.ts'
import { killUnderLoad } from './kill.ts'
import { crashUnderLoad } from './postgres-crash.ts'

const server = inject('postgresUrl')
const programs = inject('postgresPrograms')
const timeout = 150_000
const settle_ms = 60_000
const KILLS = 3

function expectClean(verdict: Verdict) {
  expect(verdict).toMatchObject({ problems: [], acted: verdict.accepted })
  expect(verdict.accepted).toBeGreaterThan(20)
}

// They spend their time waiting, each in a world of its own: side by side they take no longer than the longest.
describe.concurrent(
  'accepted is acted on, in order, and nothing comes twice that the fault does not explain',
  () => {
    describe(`when receivers are killed (kill -9) at ${KILLS} random moments`, () => {
      const kills = { kills: KILLS, seed: 7, hurry: true, settle_ms }

      it('the one receiver on SQLite, which goes on where it was', { timeout }, async () => {
        const verdict = await killUnderLoad({ ...kills, database: null, per_second: 40 })
        console.info(`SQLite, ${KILLS} kills: ${inWords(verdict)}`)
        expectClean(verdict)
      })

      it.skipIf(server === null)(
        'any of three on PostgreSQL, where the others take over',
        { timeout },
        async () => {
          const database = await createDatabase(server ?? '')
          const verdict = await killUnderLoad({ ...kills, database, replicas: 3, per_second: 20 })
          console.info(`PostgreSQL, three replicas, ${KILLS} kills: ${inWords(verdict)}`)
          expectClean(verdict)
        },
      )
    })

    it.skipIf(programs === null)(
      'when the PostgreSQL server dies: requests are held up to 5 s, then 503, and receivers go on by themselves',
      { timeout },
      async () => {
        const away_ms = [500, 7_000]
        const options = { programs: programs ?? '', replicas: 2, away_ms, per_second: 15, settle_ms }
        const { verdict, held, longest_ms, restarted } = await crashUnderLoad(options)
        console.info(
          `PostgreSQL dies twice: ${inWords(verdict)}, held over 1 s ${held}, longest ${longest_ms} ms`,
        )
        expectClean(verdict)
        expect(verdict.unknown).toBe(0)
        expect(held).toBeGreaterThan(0)
        expect(verdict.refused).toBeGreaterThan(0)
        expect(longest_ms).toBeLessThan(12_000)
        expect(restarted).toBe(0)
      },
    )

    describe(`when GitHub is in one of ${shortTroubles().length} troubles for a while, each at once`, () => {
      const stores = [
        { store: 'SQLite', database: () => Promise.resolve(null) },
        ...(server === null ? [] : [{ store: 'PostgreSQL', database: () => createDatabase(server) }]),
      ]
      it.each(stores)('on $store', { timeout }, async ({ database }) => {
        const verdicts = await meetTroubles(shortTroubles(), { database: await database(), settle_ms })
        const problems = [...verdicts].flatMap(([name, verdict]) =>
          verdict.problems.map((problem) => `${name}: ${problem}`),
        )
        expect(problems).toEqual([])
        for (const [, { accepted, acted }] of verdicts) expect([accepted, acted]).toEqual([9, 9])
      })
    })
  },
)
