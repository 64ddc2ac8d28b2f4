import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { senderOf } from '../destinations/context.ts'
import { delivery } from '../destinations/event.ts'
import { patience } from '../github/connections.ts'
import { startDatabricks, type Databricks } from '../standins/databricks.ts'
import { hasPython, pythonProgram } from './python.ts'

const TOKEN = 'dapi-the-access-token'
const JOB = 7
const KINDS = ['job', 'notebook', 'python', 'none', 'multi_task']
const LONGEST_MS = 120_000

const runs = hasPython("the test of Databricks' own client")

describe.runIf(runs)("Databricks' own client and the destination databricks_job", () => {
  let workspace: Databricks
  beforeAll(async () => {
    workspace = await startDatabricks({ token: TOKEN, job_id: JOB })
  })
  afterAll(() => workspace.close())

  /** What the client makes of each body. */
  async function byClient(bodies: readonly object[], token = TOKEN) {
    const script = join(import.meta.dirname, 'databricks-job.py')
    const child = spawn(pythonProgram('python'), [script, workspace.url, token])
    child.stdin.end(JSON.stringify(bodies))
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
    expect(stdout, stderr).not.toBe('')
    return JSON.parse(stdout) as { run_id?: number; job_id?: number; error?: string }[]
  }

  /** What the destination makes of a delivery. */
  const send = (given: object = {}, token = TOKEN) => {
    const keys = {
      type: 'databricks_job',
      workspace_url: workspace.url,
      job_id: JOB,
      access_token: '${env:T}',
      ...given,
    }
    return senderOf('databricks_job', { env: { T: token } }).send(delivery(keys), patience())
  }

  it(
    'start the same runs with the same requests, and each takes the other’s for a repeat',
    async () => {
      const messages: string[] = []
      for (const parameters of KINDS) {
        // One delivery, so one idempotency token: whatever the parameters, the workspace takes it for the same run.
        const { message } = await send({ parameters })
        messages.push(message)
      }
      const ours = workspace.starts.map(({ body }) => body)
      expect(ours).toHaveLength(KINDS.length)
      const theirs = await byClient(ours)
      expect(workspace.starts.slice(KINDS.length).map(({ body }) => body)).toEqual(ours)
      expect(theirs.map(({ run_id }) => `Run ${run_id ?? ''} has started.`)).toEqual(messages)
      expect(theirs.map(({ job_id }) => job_id)).toEqual(KINDS.map(() => JOB))
      const types = workspace.starts.map(({ headers }) => headers['content-type'])
      expect(new Set(types)).toEqual(new Set(['application/json']))
    },
    LONGEST_MS,
  )

  it(
    'understand the same refusals: a job that is not there, a token, a limit',
    async () => {
      const [absent] = await byClient([{ job_id: 8 }])
      expect(absent).toEqual({ error: 'InvalidParameterValue' })
      expect(await send({ job_id: 8 })).toMatchObject({ class: 'permanent' })
      const [unknown] = await byClient([{ job_id: JOB }], 'dapi-another-token')
      expect(unknown).toEqual({ error: 'Unauthenticated' })
      expect(await send({}, 'dapi-another-token')).toMatchObject({ class: 'credentials' })
      workspace.refuse({ status: 403, error_code: 'PERMISSION_DENIED', message: 'User may not run job 7.' })
      expect(await byClient([{ job_id: JOB }])).toEqual([{ error: 'PermissionDenied' }])
      expect((await send()).class).not.toBe('success')
      workspace.refuse(null)
    },
    LONGEST_MS,
  )
})
