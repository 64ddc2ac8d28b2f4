/**
 * Every fault, for as long as it takes, with real processes: `npm run faults -- --kills 50 --only kill-sqlite`.
 * Ends with 1 when a verdict is not clean. `npm test` has a short form of most.
 */
import { parseArgs } from 'node:util'
import { postgresPrograms, startPostgres, type TestPostgres } from '../support/postgres.ts'
import { scenarios, type Settings } from './scenarios.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    events: { type: 'string', default: '10000' },
    stored: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true },
    list: { type: 'boolean', default: false },
  },
})

const programs = postgresPrograms()
const postgres = programs === null || values.list ? null : await startPostgres(programs)
try {
  process.exitCode = await runAll(postgres)
} finally {
  await postgres?.stop()
}

async function runAll(server: TestPostgres | null): Promise<number> {
  let databases = 0
  const settings: Settings = {
    kills: Number(values.kills),
    events: Number(values.events),
    stored: Number(values.stored),
    seed: Number(values.seed),
    programs,
    database: server === null ? null : () => server.createDatabase(`faults_${++databases}`),
  }
  const all = scenarios(settings)
  const chosen = all.filter(({ name }) => values.only === undefined || values.only.includes(name))
  if (values.list || chosen.length === 0) {
    console.log(all.map(({ name, what }) => `${name.padEnd(20)} ${what}`).join('\n'))
    return values.list ? 0 : 2
  }
  let failed = 0
  for (const { name, what, run } of chosen) {
    console.log(`\n${name}: ${what}`)
    const began = performance.now()
    const { says, problems } = await run().catch((error: unknown) => ({
      says: 'it broke off',
      problems: [error instanceof Error ? (error.stack ?? error.message) : String(error)],
    }))
    const seconds = Math.round((performance.now() - began) / 1_000)
    console.log(`  ${problems.length === 0 ? 'ok' : 'FAILED'} in ${seconds} s: ${says}`)
    for (const problem of problems.slice(0, 20)) console.log(`  - ${problem}`)
    if (problems.length > 0) failed += 1
  }
  console.log(`\n${chosen.length - failed} of ${chosen.length} are clean.`)
  return failed === 0 ? 0 : 1
}
