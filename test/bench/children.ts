import { spawn, type ChildProcess } from 'node:child_process'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../support/free-port.ts'

const START_MS = 20_000
const STOP_MS = 10_000
const LOOK_EVERY_MS = 50
const STDERR_KEPT = 4_000

const children = new Set<ChildProcess>()

/** A server in a process of its own, on 127.0.0.1. */
export interface ServerProcess {
  name: string
  port: number
  pid: number
  signal(name: NodeJS.Signals): void
  stop(): Promise<void>
}

export interface ServerCommand {
  name: string
  command: string
  /** `{port}` stands for the port. */
  args: readonly string[]
  /** All of its environment but PATH, HOME and PORT. */
  env?: Readonly<Record<string, string>>
  cwd?: string
}

/** Starts a server and waits until it takes connections. What it prints on stdout goes to /dev/null. */
export async function startServer({ name, command, args, env, cwd }: ServerCommand): Promise<ServerProcess> {
  const port = await freePort()
  const filled = args.map((arg) => arg.replaceAll('{port}', String(port)))
  const { PATH, HOME } = process.env
  const child = spawn(command, filled, {
    cwd,
    env: { PATH, HOME, ...env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  children.add(child)
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT)
  })
  const exit = new Promise<void>((resolve) => {
    const end = () => {
      children.delete(child)
      resolve()
    }
    child.once('exit', end)
    child.once('error', (error) => {
      stderr += error.message
      end()
    })
  })
  const until = Date.now() + START_MS
  while (!(await takesConnections(port))) {
    if (!children.has(child) || Date.now() > until) throw new Error(`${name} did not start:\n${stderr}`)
    await sleep(LOOK_EVERY_MS)
  }
  return {
    name,
    port,
    pid: child.pid ?? 0,
    signal(signal) {
      child.kill(signal)
    },
    async stop() {
      child.kill('SIGTERM')
      await Promise.race([exit, sleep(STOP_MS)])
      if (children.has(child)) child.kill('SIGKILL')
      await exit
    },
  }
}

/** Ends at once every server that still runs. */
export function endChildren(): void {
  for (const child of children) child.kill('SIGKILL')
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const answer = (taken: boolean) => {
      socket.destroy()
      resolve(taken)
    }
    socket.once('connect', () => answer(true))
    socket.once('error', () => answer(false))
  })
}
