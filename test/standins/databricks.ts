import type { ServerResponse } from 'node:http'
import { startTarget, type Target } from './target.ts'

/** The jobs API of a Databricks workspace on loopback, as far as a run is started and looked at. */
export interface Databricks {
  url: string
  /** The requests that start a run, in their order. */
  starts: {
    headers: Readonly<Record<string, string | string[] | undefined>>
    body: Record<string, unknown>
  }[]
  /** Answers the requests to come with this error, or as usual again with null. */
  refuse(error: { status: number; error_code: string; message: string } | null): void
  close(): Promise<void>
}

/** What a workspace has. */
export interface DatabricksOptions {
  token: string
  job_id: number
}

const FIRST_RUN = 455_644_833
/** The keys that `jobs/run-now` takes: https://docs.databricks.com/api/workspace/jobs/runnow */
const KEYS = new Set([
  ...['job_id', 'idempotency_token', 'job_parameters', 'notebook_params', 'python_params', 'jar_params'],
  ...[
    'spark_submit_params',
    'python_named_params',
    'sql_params',
    'dbt_commands',
    'pipeline_params',
    'queue',
    'only',
  ],
])

/** Starts a workspace. */
export async function startDatabricks({ token, job_id }: DatabricksOptions): Promise<Databricks> {
  const there: Target = await startTarget()
  const starts: Databricks['starts'] = []
  const runs = new Map<string, number>()
  let refusal: Parameters<Databricks['refuse']>[0] = null
  there.answer((response, { method, path, headers, body }) => {
    const { pathname, searchParams } = new URL(path, there.url)
    if (!pathname.startsWith('/api/')) answer(response, 404, {})
    else if (headers.authorization !== `Bearer ${token}`)
      answer(response, 401, {
        error_code: 'UNAUTHENTICATED',
        message: 'Credential was not sent or was of an unsupported type.',
      })
    else if (refusal !== null) answer(response, refusal.status, refusal)
    else if (method === 'POST' && pathname === '/api/2.2/jobs/run-now') {
      const given = JSON.parse(body.toString()) as Record<string, unknown>
      starts.push({ headers, body: given })
      answer(response, ...start(given))
    } else if (method === 'GET' && pathname === '/api/2.2/jobs/runs/get') {
      const run_id = Number(searchParams.get('run_id'))
      const known = [...runs.values()].includes(run_id)
      if (known) answer(response, 200, { run_id, job_id, state: { life_cycle_state: 'RUNNING' } })
      else answer(response, 400, notThere(`Run ${run_id} does not exist.`))
    } else answer(response, 404, { error_code: 'ENDPOINT_NOT_FOUND', message: `No API found for '${path}'` })
  })

  function start(given: Record<string, unknown>): [status: number, body: object] {
    const odd = Object.keys(given).find((key) => !KEYS.has(key))
    if (odd !== undefined) return [400, { error_code: 'MALFORMED_REQUEST', message: `Unknown field ${odd}` }]
    if (Number(given['job_id']) !== job_id)
      return [400, notThere(`Job ${String(given['job_id'])} does not exist.`)]
    const { idempotency_token: token_of_run } = given
    const key = typeof token_of_run === 'string' ? token_of_run : `run ${runs.size}`
    if (key.length > 64)
      return [400, { error_code: 'INVALID_PARAMETER_VALUE', message: 'The idempotency token is too long.' }]
    const run_id = runs.get(key) ?? FIRST_RUN + runs.size
    runs.set(key, run_id)
    return [200, { run_id, number_in_job: run_id }]
  }
  return {
    url: there.url,
    starts,
    refuse: (error) => {
      refusal = error
    },
    close: () => there.close(),
  }
}

const notThere = (message: string) => ({ error_code: 'INVALID_PARAMETER_VALUE', message })

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
