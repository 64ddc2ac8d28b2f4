import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DemoProblem } from './problem.ts'

const ROOT = join(import.meta.dirname, '..', '..')
/** Ending in good order takes well under a second; this is for one that hangs. */
const KILL_AFTER_MS = 5_000
const SHOWN_LINES = 10

/** A receiver in a process of its own, as `npm start` runs it. */
export interface ReceiverProcess {
  url: string
  stop(): Promise<void>
}

/**
 * Starts the receiver with these variables and no others, and waits until it listens.
 * @throws DemoProblem with its last lines when it ends before that.
 */
export async function startReceiverProcess(
  variables: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ReceiverProcess> {
  const env = { PATH: process.env['PATH'], ...variables }
  const child = spawn(process.execPath, [join(ROOT, 'receiver', 'main.ts')], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stop = () => stopProcess(child)
  try {
    return { url: await listening(child, signal), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The address that the receiver's log names. */
function listening(child: ChildProcess, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue
    createInterface(stream).on('line', (line) => {
      lines.push(line)
      const url = addressIn(line)
      if (url !== null) resolve(url)
    })
  }
  child.on('error', reject)
  child.on('close', (code) => {
    const said = lines.slice(-SHOWN_LINES).join('\n')
    reject(new DemoProblem(`The receiver ended with code ${String(code)} before it listened:\n${said}`))
  })
  signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  return promise
}

function addressIn(line: string): string | null {
  try {
    const { message, url } = JSON.parse(line) as { message?: unknown; url?: unknown }
    return message === 'listening' && typeof url === 'string' ? url : null
  } catch {
    return null
  }
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'close')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS)
  await ended
  clearTimeout(timer)
}
