import { z } from 'zod'
import { ClientPayloadError } from '../../src/contract/client-payload.ts'
import { cleanText } from '../../src/contract/clean-json.ts'
import type { Json, JsonObject } from '../../src/contract/model-event.ts'
import { nestedJsonCharacters } from '../../src/contract/payload-budget.ts'
import type { Problem } from '../../src/contract/problem.ts'
import { WORKFLOW_ANSWERS } from '../github/workflow-answers.ts'
import { compileTemplate, renderString } from '../templates/template.ts'
import { visibleText } from '../templates/visible.ts'
import { checkTemplates, problemAt } from './check-templates.ts'
import type { DeliveryInput, DestinationType } from './destination.ts'
import {
  checkRepository,
  defaultPayload,
  envelopeOf,
  githubSender,
  refusedSecret,
  scopeOf,
} from './github-destination.ts'
import { repositoryParts } from './github-repository.ts'

/**
 * GitHub's limits on inputs: 25 in number and 65,535 characters of JSON in all, escapes included. We stay below. The
 * event gets what the destination's own inputs leave, and at least `event_characters`.
 */
const LIMITS = { inputs: 25, characters: 65_000, event_characters: 30_000 } as const

const json: z.ZodType<Json> = z.json()
const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), json)

const settings = z.strictObject({
  type: z.literal('workflow_dispatch'),
  connection: z.string().min(1).default('main').describe('The GitHub connection to send with.'),
  repository: visibleText().min(3).describe('owner/name. The name may be a template, the owner never.'),
  workflow: z
    .union([z.int().positive(), visibleText()])
    .describe(
      'The name of the file in `.github/workflows`, such as `deploy.yml`, or the number of the workflow.',
    ),
  ref: visibleText()
    .default('main')
    .describe('The branch or tag that the workflow runs on. Never a template.'),
  inputs: z
    .record(z.string(), z.string())
    .default({})
    .describe('At most 24 further inputs, each a text and a template. The workflow must declare them.'),
  parameters: jsonObject.default({}).describe('Travels in model_event.parameters: costs no input.'),
})

type Settings = z.infer<typeof settings>
type Input = DeliveryInput<Settings>
type Body = { ref: string; inputs: Record<string, string> }

const GUIDE = `Starts one workflow of a repository by name, on a branch or tag of your choice. GitHub answers with the run, so that its
address is on the attempt.

1. Give the GitHub connection _Actions: Read and write_ on the repository. A GitHub App needs the permission in its settings,
   and accepted on the installation. The connection's \`repositories\` must contain the repository.
2. Put the workflow file on the default branch, and on \`ref\` where that is another one.
3. Declare \`payload\` and each of your own \`inputs\`. GitHub refuses what is not declared.

\`\`\`text
on:
  workflow_dispatch:
    inputs:
      payload: { type: string, required: true }
      region: { type: string }
\`\`\`

The input \`payload\` is the \`client_payload\` that a [repository_dispatch](repository_dispatch.md) sends by default, as a JSON
text. The [Action](../action.md) finds it there by itself: its steps and outputs are the same for both. In your own steps,
write \`fromJSON(inputs.payload).model_event\`.

- GitHub takes 25 inputs, and GitHub Enterprise Server up to 3.19 takes 10, with \`payload\` among them.
- All inputs together have at most 65,535 characters of JSON. \`payload\` is a text inside it, so each of its quotes counts twice.
  What does not fit is cut, metadata first, and named in \`model_event.truncated\`.
- GitHub Enterprise Server up to 3.20 does not name the run. The same attempt then asks again without that question.
- A retry after a time-out can start a second run. Both have the same \`delivery_id\` in \`payload\`.
- \`workflow\` and \`ref\` are never templates: an event would choose the code that runs with the repository's secrets.
`

/** Starts a workflow by GitHub's `POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches`. */
export const workflowDispatch: DestinationType<Settings> = {
  type: 'workflow_dispatch',
  title: 'GitHub workflow_dispatch',
  order: 'strict',
  settings,
  example: {
    type: 'workflow_dispatch',
    connection: 'main',
    repository: 'acme/serving',
    workflow: 'deploy.yml',
    ref: 'main',
    inputs: { region: 'eu', model: '${artifact_version_string}' },
    parameters: { replicas: 3 },
  },
  guide: GUIDE,
  answers: WORKFLOW_ANSWERS,
  check: (given, context) => [
    ...checkRepository(given, context),
    ...problemAt('workflow', workflowProblem(given.workflow)),
    ...problemAt('ref', refProblem(given.ref)),
    ...checkTemplates({ repository: given.repository, inputs: given.inputs }, refusedSecret),
    ...problemAt('inputs', inputsProblem(given.inputs)),
    ...problemAt('parameters', parametersProblem(given.parameters)),
  ],
  repository: ({ connection, repository }) => ({ connection, ...repositoryParts(repository) }),
  connect: (context) =>
    githubSender<Settings, Body>(context, {
      label: ({ workflow }) => ` ${workflow}`,
      listener: ({ workflow, ref }) => `workflow ${workflow} ${ref}`,
      url: (github, { connection, owner, repo, settings: { workflow } }) =>
        github.workflowUrl(connection, { owner, repo, workflow: String(workflow) }),
      body: renderBody,
      workflow: ({ workflow }) => String(workflow),
      send: (github, { connection, owner, repo, settings: { workflow } }, body, signal) =>
        github.dispatchWorkflow(connection, { owner, repo, workflow: String(workflow), ...body }, signal),
    }),
}

function workflowProblem(workflow: Settings['workflow']): Problem | null {
  if (typeof workflow === 'number' || /^(\d{1,18}|[\w.-]{1,200}\.ya?ml)$/.test(workflow)) return null
  return {
    message: `"${workflow}" is neither the name of a workflow file nor the number of a workflow`,
    fix: 'Write the file name alone, as in "deploy.yml", without ".github/workflows/" and without a template.',
  }
}

/** The characters that Git refuses in a name, and templates. https://git-scm.com/docs/git-check-ref-format */
function refProblem(ref: string): Problem | null {
  if (ref.includes('${')) {
    const message = `"${ref}" is a template: an event could choose the code that runs`
    return { message, fix: 'Write the branch or tag out, one automation for each.' }
  }
  if (/^[^\s~^:?*[\\\p{Cc}]{1,255}$/u.test(ref) && !/\.\.|@\{|^[/.-]|[/.]$|\.lock$/.test(ref)) return null
  return {
    message: `"${ref}" is not the name of a branch or tag`,
    fix: 'Write it as Git has it, as in "main".',
  }
}

function inputsProblem(inputs: Settings['inputs']): Problem | null {
  const names = Object.keys(inputs)
  if (names.includes('payload'))
    return { message: 'payload is the input with the event', fix: 'Give your own input another name.' }
  const wrong = names.find((name) => !/^[A-Za-z_][\w-]{0,99}$/.test(name))
  if (wrong !== undefined) {
    const fix =
      'Write it as the workflow declares it: letters, digits, "_" and "-", with a letter or "_" first.'
    return { message: `"${wrong}" is not the name of an input`, fix }
  }
  if (names.length >= LIMITS.inputs) {
    const message = `there are ${names.length}, and GitHub takes ${LIMITS.inputs} with payload`
    return { message, fix: 'Put several values into `parameters`, which cost no input.' }
  }
  return sizeProblem(inputs)
}

function sizeProblem(inputs: Readonly<Record<string, string>>): Problem | null {
  const size = JSON.stringify(inputs).length
  const most = LIMITS.characters - LIMITS.event_characters
  if (size <= most) return null
  return {
    message: `they take ${size} characters`,
    fix: `Keep them under ${most}: the event needs the rest.`,
  }
}

function parametersProblem(parameters: JsonObject): Problem | null {
  const size = nestedJsonCharacters(parameters)
  const most = LIMITS.event_characters / 2
  if (size <= most) return null
  return {
    message: `they take ${size} characters`,
    fix: `Keep them under ${most}: the event needs the rest.`,
  }
}

/** @throws ClientPayloadError, TemplateError */
function renderBody(input: Input, public_url: string | null): Body {
  const own = ownInputs(input)
  const room = LIMITS.characters - JSON.stringify({ ...own, payload: '' }).length
  const budget = { limit: room, size: nestedJsonCharacters }
  const payload = defaultPayload(input, envelopeOf(input, public_url), budget)
  return { ref: input.settings.ref, inputs: { ...own, payload: JSON.stringify(payload) } }
}

function ownInputs(input: Input): Record<string, string> {
  const scope = scopeOf(input)
  const inputs = Object.fromEntries(
    Object.entries(input.settings.inputs).map(([name, text]) => [
      name,
      cleanText(renderString(compileTemplate(text, { path: `inputs.${name}` }), scope)),
    ]),
  )
  const problem = sizeProblem(inputs)
  if (problem === null) return inputs
  throw new ClientPayloadError(
    `The inputs of the workflow are too large: ${problem.message}.`,
    'Leave out of `inputs` what can grow large: the event itself is in `payload`.',
  )
}
