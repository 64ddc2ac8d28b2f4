import { errorAnswer, jsonAnswer, realAnswer, type AnswerSetting, type WireAnswer } from './real-answers.ts'

/** A workflow file with the trigger `workflow_dispatch`. */
interface WorkflowFile {
  /** Branches and tags that exist. */
  refs: readonly string[]
  /** The inputs that it declares; null for a file without the trigger. */
  inputs: readonly string[] | null
}

export interface WorkflowOptions {
  /** Workflows of every repository, by file name. Default: each file exists, and takes any input on any ref. */
  workflow_files?: Record<string, WorkflowFile>
  /** Refuse `return_run_details` with this status, as GitHub Enterprise Server up to 3.20 does. Default: it is known. */
  run_details_refused?: 400 | 422
}

/** A workflow that was started. */
export interface StartedWorkflow {
  /** `owner/name` as the repository is called now. */
  repository: string
  workflow: string
  ref: string
  inputs: Record<string, string>
}

/** Starts workflows and remembers them. */
export class Workflows {
  readonly options: WorkflowOptions
  readonly started: StartedWorkflow[] = []

  constructor(options: WorkflowOptions) {
    this.options = options
  }
}

interface Start {
  place: { owner: string; repo: string }
  name: string
  body: unknown
}

/** GitHub's answer to a request that starts a workflow: 200 with the run where it was asked for, else 204. */
export function startWorkflow(
  { options, started }: Workflows,
  { place, name, body }: Start,
  setting: AnswerSetting,
): WireAnswer {
  const {
    ref,
    inputs = {},
    return_run_details,
  } = body as Pick<StartedWorkflow, 'ref'> & {
    inputs?: StartedWorkflow['inputs']
    return_run_details?: boolean
  }
  const { run_details_refused } = options
  if (return_run_details !== undefined && run_details_refused !== undefined)
    return errorAnswer(
      run_details_refused,
      'Invalid request.\n\n"return_run_details" is not a permitted key.',
    )
  const refusal = refusalOf(options.workflow_files, name, { ref, inputs }, setting)
  if (refusal !== null) return refusal
  const repository = `${place.owner}/${place.repo}`
  started.push({ repository, workflow: name, ref, inputs })
  if (return_run_details !== true) return { status: 204, headers: {}, body: '' }
  const id = 22_500_000_000 + started.length
  return jsonAnswer(200, {
    workflow_run_id: id,
    run_url: `${setting.url}/repos/${repository}/actions/runs/${id}`,
    html_url: `https://github.com/${repository}/actions/runs/${id}`,
  })
}

function refusalOf(
  files: WorkflowOptions['workflow_files'],
  name: string,
  { ref, inputs }: Pick<StartedWorkflow, 'ref' | 'inputs'>,
  setting: AnswerSetting,
): WireAnswer | null {
  if (files === undefined) return null
  const file = files[name]
  if (file === undefined) return realAnswer('not-found', setting)
  if (!file.refs.includes(ref)) return errorAnswer(422, `No ref found for: ${ref}`)
  if (file.inputs === null) return errorAnswer(422, "Workflow does not have 'workflow_dispatch' trigger")
  const unexpected = Object.keys(inputs).filter((input) => file.inputs?.includes(input) === false)
  return unexpected.length === 0
    ? null
    : errorAnswer(422, `Unexpected inputs provided: ${JSON.stringify(unexpected)}`)
}
