import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { JsonObject } from '../../src/contract/model-event.ts'
import type { AcceptedDispatch, StandInGitHub } from '../../test/standins/github/index.ts'
import { runAction } from '../../test/support/run-action.ts'
import { runWorkflow } from '../../test/support/workflow-run.ts'
import { DemoProblem } from './problem.ts'

/** The workflow of the demo, from the top of the project. */
export const WORKFLOW = 'examples/workflows/deploy-model.yml'

const ROOT = join(import.meta.dirname, '..', '..')
const ARRIVES_MS = 10_000
const LOOK_EVERY_MS = 10

/** The effect of one dispatch in the repository: the outputs of the Action, and which jobs of the workflow run. */
export interface Effect {
  outputs: Record<string, string>
  ran: string[]
  skipped: string[]
}

/**
 * The dispatch with this place in the order of arrival.
 * @throws DemoProblem when it doesn't come within ten seconds.
 */
export async function nextDispatch(
  github: StandInGitHub,
  index: number,
  signal: AbortSignal,
): Promise<AcceptedDispatch> {
  for (const until = Date.now() + ARRIVES_MS; Date.now() < until;) {
    const dispatch = github.dispatches[index]
    if (dispatch !== undefined) return dispatch
    await sleep(LOOK_EVERY_MS, undefined, { signal })
  }
  const refused = github.violations.join('; ') || 'It was asked for nothing.'
  throw new DemoProblem(`The dispatch did not arrive at the stand-in GitHub within ten seconds. ${refused}`)
}

/** Runs the workflow of the demo on a dispatch, with the committed build of the Action on a real event file. */
export async function followDispatch(dispatch: AcceptedDispatch): Promise<Effect> {
  const event = eventFile(dispatch)
  let outputs: Record<string, string> = {}
  const run = await runWorkflow(
    await readFile(join(ROOT, WORKFLOW), 'utf8'),
    { name: 'repository_dispatch', payload: event },
    async (inputs) => {
      const step = await runAction({ inputs, event })
      if (step.exit_code !== 0) throw new DemoProblem(`The Action failed:\n${step.stdout}${step.stderr}`)
      outputs = step.outputs
      return { success: true, outputs }
    },
  )
  const named = (skipped: boolean) =>
    run.jobs.filter(({ result }) => (result === 'skipped') === skipped).map(({ id }) => id)
  return { outputs, ran: named(false), skipped: named(true) }
}

/** The file that GitHub's runner puts at GITHUB_EVENT_PATH, as far as workflows read it. */
function eventFile({ repository, event_type, client_payload }: AcceptedDispatch): JsonObject {
  const [owner = '', name = ''] = repository.split('/')
  return {
    action: event_type,
    branch: 'main',
    client_payload: client_payload as JsonObject,
    repository: { full_name: repository, name, owner: { login: owner } },
    sender: { login: 'octocat' },
  }
}
