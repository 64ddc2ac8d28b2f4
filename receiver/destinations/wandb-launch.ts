import { z } from 'zod'
import { isObject } from '../../src/contract/clean-json.ts'
import type { JsonObject } from '../../src/contract/model-event.ts'
import { VERSION } from '../observe/version.ts'
import type { Answer } from '../outbound/answer.ts'
import { secretText } from '../secrets/settings.ts'
import { httpDestination } from './http-destination.ts'
import type { AccessRequest, HttpInput } from './http-spec.ts'
import { graphqlErrors, WANDB_LAUNCH_ANSWERS } from './wandb-launch-answers.ts'
import { visibleText } from '../templates/visible.ts'

/** The project in which W&B keeps every queue. */
const PROJECT_OF_QUEUES = 'model-registry'

const overrides = z.record(z.string(), z.json())

const settings = z.strictObject({
  type: z.literal('wandb_launch'),
  base_url: visibleText()
    .default('https://api.wandb.ai')
    .describe('The API of W&B; of a self-hosted server its own address.'),
  api_key: secretText('The API key of a service account or user that may push to the queue.'),
  queue_entity: visibleText().describe('The team that owns the queue.'),
  queue: visibleText().describe('The name of the queue.'),
  entity: visibleText().describe(
    "The team in which the run appears. An organisation's name, which registry events carry, cannot have runs.",
  ),
  project: visibleText().describe('The project in which the run appears.'),
  job: visibleText()
    .regex(/^[^/\s]+\/[^/\s]+\/[^/\s]+:[^/\s]+$/, 'must be entity/project/job:version')
    .describe('The job with its version or alias: `my-team/jobs/evaluate:latest`.'),
  overrides: overrides
    .default({})
    .describe('What the run is given: `run_config`, `args`, `entry_point`; a template.'),
  priority: z
    .int()
    .min(0)
    .max(3)
    .nullable()
    .default(null)
    .describe('0 is critical, 1 high, 2 medium, 3 low.'),
})

type Settings = z.infer<typeof settings>

const GUIDE = `Pushes a job to a W&B Launch queue: W&B's own automations can no longer be made to do so.

1. Put the API key of a service account into \`WANDB_API_KEY\` (_Team settings > Service accounts_).
2. Take the job's name with its version from the project's _Jobs_ page, and the queue's from _Launch_.
3. In \`overrides.run_config\`, \`\${artifact_version}\` becomes the artifact itself inside the job.

A delivery is done when W&B has queued the job; the id of the queue's item is on the attempt. The job waits there until an
agent takes it. W&B has no key that tells a repeat: an attempt whose answer got lost is made again, and can queue the
job twice.
`

/** Pushes a job to a W&B Launch queue. https://docs.wandb.ai/guides/launch */
export const wandbLaunch = httpDestination<Settings>({
  type: 'wandb_launch',
  title: 'W&B Launch',
  order: 'strict',
  settings,
  example: {
    type: 'wandb_launch',
    api_key: '${env:WANDB_API_KEY}',
    queue_entity: 'my-team',
    queue: 'gpu-queue',
    entity: 'my-team',
    project: 'model-eval',
    job: 'my-team/jobs/evaluate:latest',
    overrides: { run_config: { model: '${artifact_version}' } },
    priority: 2,
  },
  guide: GUIDE,
  address: ({ base_url }) => ({ key: 'base_url', text: base_url }),
  templates: ({ overrides: given }) => ({ overrides: given }),
  label: ({ queue_entity, queue, job }) => `${queue_entity}/${queue} ${job}`,
  limited_by: 'host',
  policy: { concurrency: 2, interval_ms: 0 },
  is_too_old: isWithoutPriority,
  request: (input) => ({
    method: 'POST',
    url: new URL('/graphql', input.url).href,
    body: bodyOf(input),
    headers: () => ({
      'content-type': 'application/json',
      'user-agent': `model-dispatch/${VERSION}`,
      authorization: authorizationOf(input),
    }),
  }),
  access: accessOf,
  answers: WANDB_LAUNCH_ANSWERS,
})

/** The question who the key belongs to: `Query.viewer` of W&B's schema. */
export const VIEWER_QUERY = 'query viewer { viewer { username } }'

function accessOf(input: HttpInput<Settings>): AccessRequest {
  const { queue_entity, queue } = input.settings
  return {
    method: 'POST',
    url: new URL('/graphql', input.url).href,
    body: JSON.stringify({ operationName: 'viewer', query: VIEWER_QUERY, variables: {} }),
    headers: { 'content-type': 'application/json', authorization: authorizationOf(input) },
    read(answer) {
      const known = /"username"\s*:\s*"/.test(answer.body)
      return known
        ? {
            allowed: null,
            message: `W&B knows the key. Only a push shows whether it may push to ${queue_entity}/${queue}.`,
            fix: '',
          }
        : {
            allowed: false,
            message: 'W&B does not know the key.',
            fix: 'Take a new key from your W&B user settings, under "API keys".',
          }
    },
  }
}

/** W&B's API takes the key as the password of the user `api`. */
function authorizationOf({ settings: { api_key }, values }: HttpInput<Settings>): string {
  const key = values.text(api_key, { path: 'api_key' })
  return `Basic ${Buffer.from(`api:${key}`).toString('base64')}`
}

function bodyOf(input: HttpInput<Settings>): JsonObject {
  const { queue_entity, queue, priority } = input.settings
  const hasPriority = priority !== null && !input.older
  return {
    operationName: 'pushToRunQueueByName',
    query: pushMutation(hasPriority),
    variables: {
      entityName: queue_entity,
      projectName: PROJECT_OF_QUEUES,
      queueName: queue,
      runSpec: JSON.stringify(runSpecOf(input)),
      ...(hasPriority ? { priority } : {}),
    },
  }
}

/**
 * Returns the GraphQL text; older servers refuse one that names `priority`.
 * https://github.com/wandb/wandb/blob/main/wandb/sdk/internal/internal_api.py
 */
export function pushMutation(with_priority: boolean): string {
  const [declared, given] = with_priority ? [', $priority: Int', ', priority: $priority'] : ['', '']
  return `mutation pushToRunQueueByName($entityName: String!, $projectName: String!, $queueName: String!, $runSpec: JSONString!${declared}) {
  pushToRunQueueByName(input: {entityName: $entityName, projectName: $projectName, queueName: $queueName, runSpec: $runSpec${given}}) {
    runQueueItemId
  }
}`
}

function runSpecOf({ settings: given, event, values }: HttpInput<Settings>): JsonObject {
  const { entity, project, job } = given
  const filled = values.json(given.overrides, { path: 'overrides' })
  return {
    job,
    entity,
    project: project.toLowerCase(),
    ...(event.author === null ? {} : { author: event.author }),
    resource: null,
    docker: {},
    git: {},
    overrides: { args: [], run_config: {}, entry_point: [], ...(isObject(filled) ? filled : {}) },
  }
}

/** Whether GraphQL refused the text because of `priority`: it then has not begun to do anything. */
function isWithoutPriority(answer: Answer): boolean {
  return graphqlErrors(answer).some(
    (error) => /unknown|not defined/i.test(error) && error.includes('priority'),
  )
}
