import { answerObject } from '../outbound/answer.ts'
import { apiPath } from '../github/api.ts'
import type { AccessQuestion } from '../github/dispatch.ts'
import type { Examiner } from '../github/examiner.ts'
import { suggestWord } from '../templates/suggest.ts'
import { advice, fault, type Finding } from './finding.ts'
import type { Found } from './repository.ts'
import type { Start } from './starts.ts'
import { readWorkflow, type Workflow } from './read-workflow.ts'

const FOLDER = '/contents/.github/workflows'
/** More workflow files than this are not read. */
const MOST_FILES = 60
/** Words in a concurrency group that tell one model from another. */
const TELLS_MODELS = /client_payload|subject_key|inputs\b|model_event|github\.run_id/

/** The means of a doctor to look into one repository. */
export interface Visit {
  github: Examiner
  question: AccessQuestion
  found: Found
  signal: AbortSignal
}

/** A workflow on the default branch that `repository_dispatch` starts. */
interface Listener {
  about: string
  file: string
  workflow: Workflow
  /** GitHub's word for its state, such as `disabled_manually`; null where it is not known to be off. */
  off: string | null
}

/** Returns what is wrong with the workflows that listen for `repository_dispatch`, on the default branch. */
export async function examineListeners(visit: Visit, starts: readonly Start[]): Promise<Finding[]> {
  const { found } = visit
  const folder = `${found.name} .github/workflows`
  const files = await listFiles(visit)
  if (files === 'unknown')
    return [
      advice(
        folder,
        'The workflow files cannot be read.',
        'Give the connection Contents: read to have them checked.',
      ),
    ]
  const { findings, listening } = await readListeners(visit, files.slice(0, MOST_FILES))
  if (listening.length === 0) {
    const fix = `Put a workflow with \`on: repository_dispatch\` on the branch ${found.default_branch}: GitHub looks nowhere else.`
    return [...findings, fault(folder, 'No workflow listens for repository_dispatch.', fix)]
  }
  const heard = new Set<string>()
  for (const start of starts)
    for (const finding of unheard(start, listening, folder))
      if (!heard.has(finding.message)) {
        heard.add(finding.message)
        findings.push(finding)
      }
  findings.push(...switchedOff(starts, listening))
  return [...findings, ...listening.flatMap(({ about, workflow }) => concurrency(about, workflow))]
}

async function readListeners(
  visit: Visit,
  files: readonly string[],
): Promise<{ findings: Finding[]; listening: Listener[] }> {
  const findings: Finding[] = []
  const listening: Listener[] = []
  const states = await readStates(visit)
  for (const file of files) {
    const text = await readFile(visit, file, null)
    const workflow = text === null ? null : readWorkflow(text)
    const about = `${visit.found.name} .github/workflows/${file}`
    if (workflow === null) continue
    if ('unreadable' in workflow)
      findings.push(
        fault(about, `GitHub cannot run it: ${workflow.unreadable}.`, 'Mend the file on the default branch.'),
      )
    else if (workflow.dispatch_types !== null)
      listening.push({ about, file, workflow, off: states.get(`.github/workflows/${file}`) ?? null })
  }
  return { findings, listening }
}

/** Returns which workflows somebody, or GitHub, has disabled. A fault where nothing else takes what is sent. */
function switchedOff(starts: readonly Start[], listening: readonly Listener[]): Finding[] {
  const on = listening.filter(({ off }) => off === null)
  const isHeard = (type: string, by: readonly Listener[]) =>
    by.some(({ workflow: { dispatch_types: types } }) => types === '*' || types?.includes(type) === true)
  return listening.flatMap((one) => {
    const { about, file, off } = one
    if (off === null) return []
    const isMissed = starts.some(({ types }) =>
      types === null ? on.length === 0 : types.some((type) => isHeard(type, [one]) && !isHeard(type, on)),
    )
    const message = `It is disabled (${off}): GitHub starts no run of it, and says nothing of that to the sender.`
    const fix = `Enable it: Actions, this workflow, Enable workflow; or \`gh workflow enable ${file}\`.`
    return [isMissed ? fault(about, message, fix) : advice(about, message, fix)]
  })
}

function unheard(
  { types, certain, automation }: Start,
  listening: readonly { workflow: Workflow }[],
  folder: string,
): Finding[] {
  const heard = listening.flatMap(({ workflow: { dispatch_types } }) => dispatch_types ?? [])
  if (heard.includes('*')) return []
  return (types ?? []).flatMap((type) => {
    if (heard.includes(type)) return []
    const known = suggestWord(type, heard)
    return [
      certain
        ? fault(
            folder,
            `The automation ${automation} sends the event type ${type}, and no workflow lists it in \`types\`.`,
            `Add ${type} to \`types\`, or correct \`event_type\` of the automation. ${known}`,
          )
        : advice(
            folder,
            `The automation ${automation} has no \`event_type\`: ${type} is sent unless the registry's body has one of its own, and no workflow lists it in \`types\`.`,
            `Set \`event_type\` of the automation, or add ${type} to \`types\`. ${known}`,
          ),
    ]
  })
}

/** Returns what is wrong with a workflow that a `workflow_dispatch` starts by name, on its ref. */
export async function examineStarted(visit: Visit, { workflow, automation }: Start): Promise<Finding[]> {
  if (workflow === null) return []
  const { github, question, found, signal } = visit
  const { name, ref, inputs } = workflow
  const about = `${found.name} .github/workflows/${name}`
  const asked = await github.read(question, apiPath('actions', 'workflows', name), signal)
  if ('problem' in asked) return [fault(about, asked.problem.message, asked.problem.fix)]
  const { state } = answerObject(asked.answer)
  if (asked.answer.status === 404)
    return [
      fault(
        about,
        `The automation ${automation} starts it, and there is no such workflow.`,
        `Put the file on the default branch ${found.default_branch}, or correct \`workflow\` of the automation.`,
      ),
    ]
  const findings =
    typeof state === 'string' && state.startsWith('disabled')
      ? [fault(about, `It is disabled (${state}).`, 'Enable it under Actions of the repository.')]
      : []
  if (/^\d+$/.test(name)) return findings
  const text = await readFile(visit, name, ref)
  if (text === null)
    return [
      ...findings,
      fault(
        about,
        `It cannot be found on ${ref}.`,
        `Put it on ${ref}, or correct \`ref\` of the automation ${automation}.`,
      ),
    ]
  return [...findings, ...inputFindings(about, readWorkflow(text), inputs)]
}

function inputFindings(
  about: string,
  workflow: ReturnType<typeof readWorkflow>,
  given: readonly string[],
): Finding[] {
  if ('unreadable' in workflow)
    return [fault(about, `GitHub cannot run it: ${workflow.unreadable}.`, 'Mend the file.')]
  const { inputs: declared } = workflow
  if (declared === null)
    return [fault(about, 'It has no `on: workflow_dispatch`.', 'Add the trigger, with its inputs.')]
  const unknown = given.filter((input) => !declared.has(input))
  const missing = [...declared].filter(([name, { required }]) => required && !given.includes(name))
  return [
    ...unknown.map((input) =>
      fault(
        about,
        `It does not declare the input ${input}.`,
        `Add ${input} to its inputs: GitHub refuses what is not declared.`,
      ),
    ),
    ...missing.map(([name]) =>
      fault(
        about,
        `It requires the input ${name}, which nothing gives.`,
        `Add ${name} to \`inputs\` of the automation.`,
      ),
    ),
    ...concurrency(about, workflow),
  ]
}

function concurrency(about: string, { concurrency: found }: Workflow): Finding[] {
  const group = '${{ github.event.client_payload.model_event.subject_key }}'
  if (found === null)
    return [
      advice(
        about,
        'It has no `concurrency`: two runs for one model can overlap, and the older one can end last.',
        `Add concurrency: { group: "${group}", queue: max }.`,
      ),
    ]
  if (TELLS_MODELS.test(found.group)) return []
  return [
    advice(
      about,
      `Its concurrency group is the same for all models ("${found.group}"): GitHub keeps one run waiting and cancels the others.`,
      `Use a group of its own for each model: "${group}", with queue: max.`,
    ),
  ]
}

async function listFiles({ github, question, signal }: Visit): Promise<string[] | 'unknown'> {
  const asked = await github.read(question, FOLDER, signal)
  if ('problem' in asked) return 'unknown'
  const { status, body } = asked.answer
  if (status === 404) return []
  // A page of a proxy, or an answer that was cut.
  const entries = status === 200 ? jsonOf(body) : null
  if (!Array.isArray(entries)) return 'unknown'
  return namesOf(entries, 'name').filter((name) => /\.ya?ml$/.test(name))
}

/**
 * Returns which workflows are disabled, by path. Needs Actions: read, which a `repository_dispatch` does not: without it,
 * nothing is known.
 */
async function readStates({ github, question, signal }: Visit): Promise<ReadonlyMap<string, string>> {
  const below = `${apiPath('actions', 'workflows')}?per_page=100`
  const asked = await github.read({ ...question, workflow: '' }, below, signal)
  const { workflows } = 'problem' in asked ? {} : answerObject(asked.answer)
  const disabled = (Array.isArray(workflows) ? (workflows as unknown[]) : []).flatMap((one) => {
    const { path, state } = (one ?? {}) as { path?: unknown; state?: unknown }
    const isOff = typeof path === 'string' && typeof state === 'string' && state.startsWith('disabled')
    return isOff ? [[path, state] as const] : []
  })
  return new Map(disabled)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}

const namesOf = (entries: readonly unknown[], key: string): string[] =>
  entries
    .map((entry) => (entry as Record<string, unknown> | null)?.[key])
    .filter((name) => typeof name === 'string')

async function readFile(
  { github, question, signal }: Visit,
  file: string,
  ref: string | null,
): Promise<string | null> {
  const query = ref === null ? '' : `?ref=${encodeURIComponent(ref)}`
  const asked = await github.read(question, `${FOLDER}${apiPath(file)}${query}`, signal)
  if ('problem' in asked || asked.answer.status !== 200) return null
  const { content } = answerObject(asked.answer)
  return typeof content === 'string' ? Buffer.from(content, 'base64').toString() : null
}
