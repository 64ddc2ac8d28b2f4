import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'

/** Where Debian keeps the server's programs, newest version first; null where PostgreSQL is not installed. */
export function postgresPrograms(): string | null {
  const root = '/usr/lib/postgresql'
  if (!existsSync(root)) return null
  const [version] = readdirSync(root).sort((a, b) => Number(b) - Number(a))
  const programs = version === undefined ? null : join(root, version, 'bin')
  return programs !== null && existsSync(join(programs, 'initdb')) ? programs : null
}

export interface TestPostgres {
  /** A database of its own for one test file. */
  createDatabase(name: string): string
  stop(): Promise<void>
  /** Ends the server as a crash would and starts it again on the same data. */
  crash(): Promise<void>
  start(): Promise<void>
}

/** A PostgreSQL server of this test run: private folder, private port on loopback, unprivileged user. */
export async function startPostgres(programs: string): Promise<TestPostgres> {
  const data = mkdtempSync(join(tmpdir(), 'model-dispatch-postgres-'))
  const as = asUser(data)
  execFileSync(
    join(programs, 'initdb'),
    ['-D', data, '-A', 'trust', '-U', 'test', '-E', 'UTF8', '--no-sync'],
    {
      ...as,
      stdio: 'pipe',
    },
  )
  const port = await freePort()
  let server: ChildProcess

  async function start(): Promise<void> {
    const settings = ['-c', `port=${port}`, '-c', 'listen_addresses=127.0.0.1', '-c', 'max_connections=100']
    const sockets = ['-c', `unix_socket_directories=${data}`]
    server = spawn(join(programs, 'postgres'), ['-D', data, ...settings, ...sockets], {
      ...as,
      stdio: 'ignore',
    })
    for (let tries = 0; ; tries++) {
      try {
        execFileSync(join(programs, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)])
        return
      } catch (error) {
        if (tries > 150) throw error
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
  }
  const end = (signal: NodeJS.Signals) =>
    new Promise<void>((resolve) => {
      server.once('exit', () => resolve())
      server.kill(signal)
    })
  await start()

  return {
    createDatabase(name) {
      const url = ['-h', '127.0.0.1', '-p', String(port), '-U', 'test']
      execFileSync(join(programs, 'createdb'), [...url, name], { ...as, stdio: 'pipe' })
      return `postgres://test@127.0.0.1:${port}/${name}`
    },
    async stop() {
      await end('SIGINT')
      rmSync(data, { recursive: true, force: true })
    },
    async crash() {
      await end('SIGQUIT')
    },
    start,
  }
}

/** PostgreSQL refuses to run as root: its own user (Debian makes one) or nobody runs it then. */
function asUser(data: string): { uid?: number; gid?: number; cwd: string } {
  if (process.getuid?.() !== 0) return { cwd: data }
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }).trim()),
  )
  if (uid === undefined || gid === undefined) return { cwd: data }
  chownSync(data, uid, gid)
  return { uid, gid, cwd: data }
}
