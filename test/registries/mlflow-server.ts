import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../support/free-port.ts'
import { request } from '../support/http.ts'
import { pythonProgram } from './python.ts'

/** How long MLflow may take to listen, in ms: it imports half of Python's data stack, on however busy a machine. */
export const MLFLOW_START_MS = 180_000

/** MLflow's own server, on loopback, with a store of its own. */
export interface MlflowServer {
  /** `http://127.0.0.1:5000` */
  url: string
  /** Calls MLflow's REST API: `api('registered-models/create', { name })`. Throws where it does not answer 200. */
  api(path: string, body: object, method?: 'POST' | 'PATCH' | 'DELETE'): Promise<Record<string, unknown>>
  /** Has MLflow send these events (`model_version.created`) to a URL, signed with the secret. Returns the webhook's id. */
  addWebhook(webhook: { url: string; secret: string; events: readonly string[] }): Promise<string>
  close(): Promise<void>
}

/** Starts the server that `.ci/python` installs. */
export async function startMlflow(): Promise<MlflowServer> {
  const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-mlflow-'))
  const port = await freePort()
  const child = spawn(pythonProgram('mlflow'), argumentsFor(folder, port), {
    cwd: folder,
    // Its workers are in the group, and end with it.
    detached: true,
    env: environmentFor(folder),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = collect(child)
  const server = clientOf(`http://127.0.0.1:${port}`)
  const close = async () => {
    await endGroup(child)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await untilReady(server.url, child)
  } catch (error) {
    await close()
    throw new Error(`MLflow did not start:\n${output.text}`, { cause: error })
  }
  return { ...server, close }
}

const argumentsFor = (folder: string, port: number) => [
  'server',
  ...['--host', '127.0.0.1', '--port', String(port), '--workers', '1'],
  ...['--backend-store-uri', `sqlite:///${join(folder, 'mlflow.db')}`],
  ...['--default-artifact-root', join(folder, 'artifacts')],
]

const environmentFor = (folder: string) => ({
  PATH: process.env['PATH'],
  HOME: folder,
  // A Fernet key: base64url of 32 bytes.
  MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY: `${randomBytes(32).toString('base64url')}=`,
  MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS: 'true',
  MLFLOW_WEBHOOK_ALLOWED_SCHEMES: 'http,https',
  // Only what serves: the jobs are eight more processes.
  MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
  MLFLOW_DISABLE_TELEMETRY: 'true',
})

function clientOf(url: string): Omit<MlflowServer, 'close'> {
  const api: MlflowServer['api'] = async (path, body, method = 'POST') => {
    const headers = { 'content-type': 'application/json' }
    const answer = await request(`${url}/api/2.0/mlflow/${path}`, {
      method,
      headers,
      body: JSON.stringify(body),
    })
    if (answer.status !== 200) throw new Error(`MLflow answered ${answer.status} to ${path}: ${answer.text}`)
    return answer.body
  }
  return {
    url,
    api,
    async addWebhook({ url: target, secret, events }) {
      const wanted = events.map((event) => {
        const [entity = '', action = ''] = event.toUpperCase().split('.')
        return { entity, action }
      })
      const { webhook } = await api('webhooks', {
        name: 'model-dispatch',
        url: target,
        secret,
        events: wanted,
      })
      return (webhook as { webhook_id: string }).webhook_id
    },
  }
}

function collect(child: ChildProcess): { text: string } {
  const output = { text: '' }
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (output.text += text))
  return output
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const until = Date.now() + MLFLOW_START_MS
  for (;;) {
    if (child.exitCode !== null || Date.now() > until) throw new Error('it ended, or took too long')
    const ready = await request(`${url}/health`).then(
      ({ status }) => status === 200,
      () => false,
    )
    if (ready) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

async function endGroup(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('close', resolve))
  if (child.pid === undefined || child.exitCode !== null) return
  process.kill(-child.pid, 'SIGKILL')
  await ended
}
