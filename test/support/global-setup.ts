import type { TestProject } from 'vitest/node'
import { startJudge } from './judge.ts'
import { postgresPrograms, startPostgres } from './postgres.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Programs of an installed PostgreSQL, or null. */
    postgresPrograms: string | null
    /** A running server to make databases on, or null. */
    postgresUrl: string | null
  }
}

/** Starts one PostgreSQL for all test files, where it is installed, and one Prism. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stopJudge = await startJudge()
  const stopPostgres = await setUpPostgres(project)
  return async () => {
    await stopPostgres()
    await stopJudge()
  }
}

async function setUpPostgres(project: TestProject): Promise<() => Promise<void>> {
  const programs = postgresPrograms()
  project.provide('postgresPrograms', programs)
  if (programs === null) {
    if (process.env['CI'] === 'true') throw new Error('PostgreSQL is not installed: CI must run its tests.')
    console.warn(
      '\n*** The tests of the PostgreSQL store do not run: PostgreSQL is not installed here.' +
        '\n*** On Debian or Ubuntu: sudo apt-get install -y --no-install-recommends postgresql\n',
    )
    project.provide('postgresUrl', null)
    return () => Promise.resolve()
  }
  const server = await startPostgres(programs)
  project.provide('postgresUrl', server.createDatabase('tests'))
  return () => server.stop()
}
