import { answerObject, type Answer } from '../outbound/answer.ts'
import { quote, waitOf, type HttpAnswerRow } from './http-answers.ts'

/** How long a workspace rests where it says nothing else, in ms. */
const REST_MS = 30_000

/** How long its limit on new jobs lasts, in ms. */
const HOURLY_REST_MS = 600_000

const codeOf = (answer: Answer): string => {
  const { error_code } = answerObject(answer)
  return typeof error_code === 'string' ? error_code : ''
}

const hasCode =
  (...codes: string[]) =>
  (answer: Answer) =>
    answer.status >= 400 && codes.includes(codeOf(answer))

/** The number of a run, digit by digit: it can be larger than a JSON number keeps. */
function runOf({ body }: Answer): string | null {
  return /"run_id"\s*:\s*"?(\d{1,19})\b/.exec(body)?.[1] ?? null
}

/** The meaning of answers of `jobs/run-now`. https://docs.databricks.com/api/workspace/jobs/runnow */
export const DATABRICKS_JOB_ANSWERS: readonly HttpAnswerRow[] = [
  {
    id: 'started',
    applies: (answer) => answer.status === 200 && runOf(answer) !== null,
    class: 'success',
    message: (answer) => `Run ${runOf(answer) ?? ''} has started.`,
    fix: () => '',
  },
  {
    id: 'not-databricks',
    applies: ({ status }) => status >= 200 && status < 300,
    class: 'ambiguous',
    message: ({ status }, { host }) => `${host} answers ${status} without the number of a run.`,
    fix: () => 'Check that `workspace_url` is the address of a Databricks workspace.',
  },
  {
    id: 'limited',
    applies: (answer) =>
      answer.status === 429 ||
      hasCode('REQUEST_LIMIT_EXCEEDED', 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED')(answer),
    class: 'limited',
    message: (answer, { host }) =>
      `${host} asks to slow down (${codeOf(answer) || `HTTP ${answer.status}`}).`,
    fix: () => 'Nothing to do: deliveries go on after the wait.',
    wait: (answer, context) => waitOf(answer, context) ?? REST_MS,
  },
  {
    id: 'too-many-jobs',
    applies: (answer) => hasCode('INVALID_STATE')(answer) && /already \d+ jobs|too many/i.test(answer.body),
    class: 'limited',
    message: (answer, { secrets }) => `The workspace has started too many jobs: ${quote(answer, secrets)}`,
    fix: () => 'Nothing to do: deliveries go on after the wait.',
    wait: () => HOURLY_REST_MS,
  },
  {
    id: 'no-such-job',
    applies: (answer) =>
      hasCode('RESOURCE_DOES_NOT_EXIST')(answer) ||
      (hasCode('INVALID_PARAMETER_VALUE')(answer) && /does not exist/i.test(answer.body)),
    class: 'permanent',
    message: (answer, { secrets }) => `There is no such job in this workspace: ${quote(answer, secrets)}`,
    fix: () => 'Correct `job_id` or `workspace_url` in the destination, then replay the event.',
  },
  {
    id: 'token-refused',
    applies: (answer) =>
      answer.status === 401 ||
      hasCode('UNAUTHENTICATED')(answer) ||
      (answer.status === 403 && /invalid (access )?token/i.test(answer.body)),
    class: 'credentials',
    message: ({ status }, { host }) => `${host} refuses the access token (HTTP ${status}).`,
    fix: () => 'Replace the token behind `access_token`. Deliveries wait; one is tried every five minutes.',
  },
  {
    id: 'no-permission',
    applies: hasCode('PERMISSION_DENIED'),
    class: 'permanent',
    message: (answer, { secrets }) => `The token may not run this job: ${quote(answer, secrets)}`,
    fix: () => "Give its owner _Can Manage Run_ on the job's page, under Permissions, then redeliver.",
  },
  {
    id: 'refused',
    applies: hasCode(
      'INVALID_PARAMETER_VALUE',
      'MALFORMED_REQUEST',
      'BAD_REQUEST',
      'INVALID_STATE',
      'FEATURE_DISABLED',
    ),
    class: 'permanent',
    message: (answer, { secrets }) => `Databricks refuses the run: ${quote(answer, secrets)}`,
    fix: () => 'Choose the `parameters` that fit the type of the job, then replay the event.',
  },
]
