import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { JsonObject } from '../../src/contract/model-event.ts'
import { VERSION } from '../observe/version.ts'
import { secretText } from '../secrets/settings.ts'
import { problemAt } from './check-templates.ts'
import { DATABRICKS_JOB_ANSWERS } from './databricks-job-answers.ts'
import { eventMessage, fieldsMessage } from './event-message.ts'
import { httpDestination } from './http-destination.ts'
import type { AccessRequest, HttpInput } from './http-spec.ts'
import { registryWebhook, registryWebhookBody } from './registry-webhook.ts'
import { visibleText } from '../templates/visible.ts'

const PARAMETERS = ['job', 'notebook', 'python', 'none', 'multi_task'] as const

const settings = z.strictObject({
  type: z.literal('databricks_job'),
  workspace_url: visibleText().describe(
    'The workspace, e.g. `https://dbc-a1b2c3d4-e5f6.cloud.databricks.com`.',
  ),
  job_id: z
    .union([z.int().positive(), z.string().regex(/^[1-9]\d{0,18}$/, 'must be the number of a job')])
    .describe('The number of the job, from its page in the workspace.'),
  access_token: secretText("A token that may run the job, best a service principal's."),
  parameters: z
    .enum(PARAMETERS)
    .default('job')
    .describe(
      'How the event reaches the job: `job` (job parameters), `notebook` (notebook or wheel), `python` (Python, JAR or spark-submit), `none`, `multi_task` (all kinds at once).',
    ),
  registry_webhook: registryWebhook,
})

type Settings = z.infer<typeof settings>

const GUIDE = `Runs a job in a Databricks workspace (\`jobs/run-now\` 2.2).

1. Take a service principal's token (_Settings > Identity and access > Service principals_), and put it into
   \`DATABRICKS_TOKEN\`.
2. On the job's page, _Permissions_: give the service principal _Can Manage Run_. The number of the job is under _Job ID_.
3. \`parameters\` says how the event reaches the job. With \`job\`, add a job parameter \`event_message\` to the job.

The event comes as one JSON text, \`event_message\`, with the fields of Databricks' own registry webhooks and the whole event
as \`model_event\` while it fits:

\`\`\`text
import json
event = json.loads(dbutils.widgets.get("event_message"))
\`\`\`

Databricks takes 10,000 bytes and, for Python, ASCII alone: other characters are written as \`\\uXXXX\`, and what does not fit
is left out, named in \`truncated\`.

A delivery is done when Databricks has started the run; its number is on the attempt. Every attempt of a delivery carries
the same \`idempotency_token\`, so that a retry never starts a second run; redelivering does.
`

/** Runs a job of Databricks. https://docs.databricks.com/api/workspace/jobs/runnow */
export const databricksJob = httpDestination<Settings>({
  type: 'databricks_job',
  title: 'Databricks job',
  order: 'strict',
  settings,
  example: {
    type: 'databricks_job',
    workspace_url: 'https://dbc-a1b2c3d4-e5f6.cloud.databricks.com',
    job_id: 1234567890,
    access_token: '${env:DATABRICKS_TOKEN}',
    parameters: 'notebook',
  },
  guide: GUIDE,
  address: ({ workspace_url }) => ({ key: 'workspace_url', text: workspace_url }),
  check: ({ workspace_url }) => problemAt('workspace_url', pathProblem(workspace_url)),
  label: ({ job_id }) => `job ${job_id}`,
  limited_by: 'host',
  // Databricks limits run-now to some ten a second for a whole workspace.
  policy: { concurrency: 4, interval_ms: 100 },
  request: (input) => ({
    method: 'POST',
    url: new URL('/api/2.2/jobs/run-now', input.url).href,
    body: bodyOf(input),
    headers: () => ({
      'content-type': 'application/json',
      'user-agent': `model-dispatch/${VERSION}`,
      authorization: `Bearer ${input.values.text(input.settings.access_token, { path: 'access_token' })}`,
    }),
  }),
  access: accessOf,
  answers: DATABRICKS_JOB_ANSWERS,
})

/** https://docs.databricks.com/api/workspace/jobs/get: takes _Can View_, and a run takes _Can Manage Run_. */
function accessOf(input: HttpInput<Settings>): AccessRequest {
  const { job_id, access_token } = input.settings
  return {
    method: 'GET',
    url: new URL(`/api/2.2/jobs/get?job_id=${job_id}`, input.url).href,
    body: null,
    headers: { authorization: `Bearer ${input.values.text(access_token, { path: 'access_token' })}` },
    read: () => ({
      allowed: null,
      message: `The token may see job ${job_id}. Only a run shows whether it may run it, too.`,
      fix: '',
    }),
  }
}

function bodyOf(input: HttpInput<Settings>): JsonObject {
  const { job_id, parameters, registry_webhook } = input.settings
  const { event, flat } = input
  const message =
    registry_webhook === null
      ? eventMessage(input)
      : fieldsMessage(registryWebhookBody(event, flat, registry_webhook))
  const number = Number(job_id)
  return {
    // A number above 2^53 cannot be written as one without changing it; the API takes texts as well.
    job_id: Number.isSafeInteger(number) ? number : String(job_id),
    idempotency_token: idempotencyToken(input),
    ...parametersOf(parameters, message),
  }
}

/** The 64 characters that Databricks allows: the same for every attempt, another one for each redelivery. */
function idempotencyToken({ delivery_id, redelivery }: HttpInput<Settings>): string {
  return createHash('sha256').update(`${delivery_id}.${redelivery}`).digest('hex')
}

/** The shapes of Databricks' own job webhooks: https://docs.databricks.com/aws/en/mlflow/model-registry-webhooks */
function parametersOf(kind: Settings['parameters'], event_message: string): JsonObject {
  switch (kind) {
    case 'job':
      return { job_parameters: { event_message } }
    case 'notebook':
      return { notebook_params: { event_message } }
    case 'python':
      return { python_params: [event_message] }
    case 'none':
      return {}
    case 'multi_task':
      return {
        notebook_params: { event_message },
        python_named_params: { event_message },
        jar_params: [event_message],
        python_params: [event_message],
        spark_submit_params: [event_message],
      }
  }
}

function pathProblem(workspace_url: string) {
  if (!URL.canParse(workspace_url) || new URL(workspace_url).pathname === '/') return null
  return {
    message: 'has a path, and only the address of the workspace is wanted',
    fix: `Write ${new URL(workspace_url).origin}.`,
  }
}
