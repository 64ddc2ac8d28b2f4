import { tmpdir } from 'node:os'
import { postgresPrograms, startPostgres } from '../support/postgres.ts'
import { refuseMemory } from './machine.ts'

/** PostgreSQL for one line of the benchmark, as Debian configures it: started when the first database is asked for. */
export interface Databases {
  /** Makes an empty database and returns its URL. */
  create: (name: string) => string
  stop: () => Promise<void>
}

/** Starts a server of its own on a private port; null where PostgreSQL is not installed. */
export async function startDatabases(): Promise<Databases | null> {
  const programs = postgresPrograms()
  if (programs === null) return null
  refuseMemory(tmpdir())
  const server = await startPostgres(programs)
  const end = () => void server.stop()
  process.once('exit', end)
  return {
    create: (name) => server.createDatabase(name),
    async stop() {
      process.removeListener('exit', end)
      await server.stop()
    },
  }
}

/** Why a line has no figures on PostgreSQL. */
export const NO_POSTGRES = 'PostgreSQL is not installed: `sudo apt-get install -y postgresql` installs it.'
