import { parse } from 'yaml'
import { decodeJsonObject, type Json, type JsonObject } from '../../src/contract/model-event.ts'
import { fill, holds, type Status } from './workflow-expression.ts'

/** What starts a workflow: `github.event_name` and `github.event`. */
export interface WorkflowEvent {
  name: 'repository_dispatch' | 'workflow_dispatch'
  payload: JsonObject
}

/** Runs one step of the Action with these inputs (`with:`, filled in). */
export type ActionStep = (
  inputs: Record<string, string>,
) => Promise<{ success: boolean; outputs: Record<string, string> }>

export interface StepRun {
  /** The step's id, else its name, else what it uses or runs. */
  name: string
  ran: boolean
  uses: string | null
  /** The script as it would reach the shell, null for a step that uses an action. */
  run: string | null
  /** The step's own `env:`, filled in. */
  env: Record<string, string>
}

export interface JobRun {
  id: string
  result: 'success' | 'failure' | 'skipped'
  outputs: Record<string, string>
  environment: string | null
  /** The concurrency group, null where the job has none. */
  group: string | null
  steps: StepRun[]
}

export interface WorkflowRun {
  /** Whether the event starts the workflow at all. */
  started: boolean
  /** The run's name (`run-name:`), empty where the workflow doesn't give one. */
  name: string
  jobs: JobRun[]
}

const OURS = /^(?:\.\/?$|[^/]+\/model-dispatch(?:@|$))/

/**
 * Decides which jobs and steps of a workflow would run on GitHub, with GitHub's own expression evaluator. Steps that
 * use the Action (`./` or `OWNER/model-dispatch@…`) run it for real; all others count as green and run nothing.
 * @throws Error on what it cannot decide: a matrix, or a job that calls another workflow.
 */
export async function runWorkflow(
  text: string,
  event: WorkflowEvent,
  action: ActionStep,
): Promise<WorkflowRun> {
  const workflow = objectOf(parse(text))
  if (!isStarted(workflow['on'], event)) return { started: false, name: '', jobs: [] }
  const contexts = contextsOf(event)
  const jobs: JobRun[] = []
  for (const [id, job] of inOrder(objectOf(workflow['jobs']))) {
    jobs.push(await runJob([id, job], jobs, contexts, action))
  }
  return { started: true, name: fill(textOf(workflow['run-name']), contexts), jobs }
}

/** The names of the jobs that ran, and of their steps: `deploy`, `deploy/Deploy`. */
export function whatRan({ jobs }: WorkflowRun): string[] {
  return jobs
    .filter(({ result }) => result !== 'skipped')
    .flatMap(({ id, steps }) => [id, ...steps.filter(({ ran }) => ran).map(({ name }) => `${id}/${name}`)])
}

function contextsOf({ name, payload }: WorkflowEvent): JsonObject {
  const github = {
    event_name: name,
    event: payload,
    repository: 'acme/serving',
    run_id: '1',
    run_attempt: '1',
  }
  return { github, inputs: payload['inputs'] ?? {}, vars: {}, secrets: {}, env: {}, needs: {}, steps: {} }
}

function isStarted(on: Json | undefined, { name, payload }: WorkflowEvent): boolean {
  if (on === name || listOf(on).includes(name)) return true
  const trigger = objectOf(on)
  if (!Object.hasOwn(trigger, name)) return false
  const types = listOf(objectOf(trigger[name])['types'])
  return name !== 'repository_dispatch' || types.length === 0 || types.includes(payload['action'] ?? null)
}

/** The jobs, each after those that it needs. */
function inOrder(jobs: JsonObject): [string, JsonObject][] {
  const waiting = Object.entries(jobs).map(([id, job]): [string, JsonObject] => [id, objectOf(job)])
  const sorted: [string, JsonObject][] = []
  while (waiting.length > 0) {
    const next = waiting.findIndex(([, job]) =>
      listOf(job['needs']).every((need) => sorted.some(([id]) => id === need)),
    )
    if (next < 0) throw new Error('A job needs one that does not exist, or itself.')
    sorted.push(...waiting.splice(next, 1))
  }
  return sorted
}

async function runJob(
  [id, job]: [id: string, job: JsonObject],
  earlier: readonly JobRun[],
  base: JsonObject,
  action: ActionStep,
): Promise<JobRun> {
  if ('strategy' in job || 'uses' in job) throw new Error(`The job ${id} has a matrix or calls a workflow.`)
  const needed = earlier.filter((run) => listOf(job['needs']).includes(run.id))
  const needs = Object.fromEntries(needed.map(({ id, result, outputs }) => [id, { result, outputs }]))
  const contexts: JsonObject = { ...base, needs }
  const skipped: JobRun = { id, result: 'skipped', outputs: {}, environment: null, group: null, steps: [] }
  if (!holds(conditionOf(job), contexts, statusOf(needed))) return skipped
  const { steps, success, outputs } = await runSteps(listOf(job['steps']).map(objectOf), contexts, action)
  return {
    id,
    result: success ? 'success' : 'failure',
    outputs: filled(job['outputs'], { ...contexts, steps: outputs }),
    environment: named(job['environment'], 'name', contexts),
    group: named(job['concurrency'], 'group', contexts),
    steps,
  }
}

function statusOf(needed: readonly JobRun[]): Status {
  return {
    success: needed.every(({ result }) => result === 'success'),
    failure: needed.some(({ result }) => result === 'failure'),
  }
}

async function runSteps(
  steps: readonly JsonObject[],
  base: JsonObject,
  action: ActionStep,
): Promise<{ steps: StepRun[]; success: boolean; outputs: JsonObject }> {
  const runs: StepRun[] = []
  const outputs: JsonObject = {}
  let success = true
  for (const step of steps) {
    const contexts = { ...base, steps: outputs }
    const ran = holds(conditionOf(step), contexts, { success, failure: !success })
    runs.push(stepRun(step, ran, contexts))
    if (!ran || !OURS.test(textOf(step['uses']))) continue
    const result = await action(filled(step['with'], contexts))
    outputs[textOf(step['id'])] = { outputs: result.outputs, outcome: result.success ? 'success' : 'failure' }
    success = success && result.success
  }
  return { steps: runs, success, outputs }
}

function stepRun(step: JsonObject, ran: boolean, contexts: JsonObject): StepRun {
  const env = filled(step['env'], contexts)
  const [uses, script] = [textOf(step['uses']), textOf(step['run'])]
  return {
    name: textOf(step['id']) || textOf(step['name']) || uses || script,
    ran,
    uses: uses || null,
    run: script === '' ? null : fill(script, { ...contexts, env }),
    env,
  }
}

function conditionOf(part: JsonObject): string | null {
  return 'if' in part ? textOf(part['if']) : null
}

/** `environment: NAME` or `environment: {name: NAME}`, and `concurrency` likewise. */
function named(value: Json | undefined, key: string, contexts: JsonObject): string | null {
  const text = typeof value === 'string' ? value : textOf(objectOf(value)[key])
  return text === '' ? null : fill(text, contexts)
}

function filled(map: Json | undefined, contexts: JsonObject): Record<string, string> {
  const entries = Object.entries(objectOf(map)).map(([key, value]) => [key, fill(textOf(value), contexts)])
  return Object.fromEntries(entries) as Record<string, string>
}

function objectOf(value: unknown): JsonObject {
  return decodeJsonObject(value) ?? {}
}

function listOf(value: Json | undefined): Json[] {
  if (Array.isArray(value)) return value
  return typeof value === 'string' ? [value] : []
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : ''
}
