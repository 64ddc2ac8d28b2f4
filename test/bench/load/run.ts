import { execFile, execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Connections that a load is sent on. */
export const CONNECTIONS = 32

export interface Load {
  port: number
  /** File of `writeRing`. */
  ring: string
  connections: number
  seconds: number
  /** Requests a second at fixed times; null: as many as are answered. */
  rate: number | null
  /** Ends when so many are answered, however long that takes; null: after `seconds`. */
  requests: number | null
}

export interface LoadResult {
  answered: number
  seconds: number
  /** Answers with a status of 300 and up. */
  refused: number
  /** Connections that broke or timed out. */
  broken: number
  /** Ms from the time a request was due; null without a rate. */
  p50: number | null
  p99: number | null
}

const run = promisify(execFile)
const GENERATOR = join(import.meta.dirname, 'generator.ts')
const LUA = join(import.meta.dirname, 'wrk.lua')

/** An answer that takes longer is counted as a broken connection: a server that flushes each request has a long queue. */
const ANSWER_SECONDS = 20

/** What sends the requests of a load without a rate. */
export const loader: 'wrk' | 'node' = hasWrk() ? 'wrk' : 'node'

/** Sends a load to a server, from a process of its own. Throws when any request failed: such a figure says nothing. */
export async function sendLoad(load: Omit<Load, 'connections' | 'requests'>): Promise<LoadResult> {
  const whole = { ...load, connections: CONNECTIONS, requests: null }
  return checked(
    load.port,
    load.rate === null && loader === 'wrk' ? await wrk(whole) : await generator(whole),
  )
}

/** Sends so many requests at once over so many connections; `seconds` of the result is until all are answered. */
export async function sendBurst(
  load: Pick<Load, 'port' | 'ring' | 'connections'> & { requests: number },
): Promise<LoadResult> {
  return checked(load.port, await generator({ ...load, seconds: 0, rate: null }))
}

function checked(port: number, result: LoadResult): LoadResult {
  if (result.refused === 0 && result.broken === 0 && result.answered > 0) return result
  throw new Error(
    `Of ${result.answered} requests to port ${port} ${result.refused} were refused, ${result.broken} connections broke.`,
  )
}

async function wrk({ port, ring, connections, seconds }: Load): Promise<LoadResult> {
  const args = [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    `--timeout=${ANSWER_SECONDS}s`,
    '-s',
    LUA,
    `http://127.0.0.1:${port}/`,
    '--',
    ring,
  ]
  const { stdout } = await run('wrk', args)
  const printed = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as LoadResult
  return { ...printed, p50: null, p99: null }
}

async function generator(load: Load): Promise<LoadResult> {
  const { stdout } = await run(process.execPath, [GENERATOR, JSON.stringify(load)])
  return JSON.parse(stdout) as LoadResult
}

function hasWrk(): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v wrk'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
