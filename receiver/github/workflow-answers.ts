import { answerObject, type Answer } from '../outbound/answer.ts'
import type { AnswerRow } from '../outbound/answer-table.ts'
import { inline } from '../secrets/redact.ts'
import { GITHUB_ANSWERS, REPLAY, type AnswerContext } from './answers.ts'
import { isForeign } from './not-github.ts'
import { quote } from './quote.ts'

const DOCS = 'https://docs.github.com/actions/reference/events-that-trigger-workflows#workflow_dispatch'

/** Returns whether this is GitHub's own answer to the dispatch itself. */
function isRefusal(answer: Answer, context: AnswerContext): boolean {
  return context.step === 'dispatch' && !isForeign(answer, context)
}

/** Returns whether GitHub refuses the dispatch itself with these words. */
const refusedWith = (words: RegExp) => (answer: Answer, context: AnswerContext) =>
  isRefusal(answer, context) && [400, 422].includes(answer.status) && words.test(answer.body)

/** Returns the run that an answer names: its number, and its page if that is a plain address. */
function runOf(answer: Answer): { id: number; url: string } | null {
  const { workflow_run_id: id, html_url: url } = answerObject(answer)
  if (answer.status !== 200 || typeof id !== 'number' || !Number.isSafeInteger(id)) return null
  const isPlain =
    typeof url === 'string' && /^https?:\/\/[\w.:-]+(\/[\w.-]+)*$/.test(url) && url.length <= 500
  return { id, url: isPlain ? url : '' }
}

const nameOf = ({ repository, workflow }: AnswerContext) =>
  `${workflow?.name ?? 'the workflow'} of ${repository}`

const refused = (answer: Answer, context: AnswerContext) =>
  `GitHub refuses to start ${nameOf(context)} (HTTP ${answer.status}): ${quote(answer, context)}`

/**
 * The meaning of GitHub's answers to a `workflow_dispatch`: its own rows first, then those of every dispatch.
 * https://docs.github.com/rest/actions/workflows#create-a-workflow-dispatch-event
 */
export const WORKFLOW_ANSWERS: readonly AnswerRow<AnswerContext>[] = [
  {
    id: 'started',
    applies: (answer, { step }) => step === 'dispatch' && runOf(answer) !== null,
    class: 'success',
    message(answer, { secrets }) {
      const run = runOf(answer)
      const where = run === null || run.url === '' ? '' : `: ${inline(run.url, secrets)}`
      return `Run ${run?.id ?? ''} has started${where}`
    },
    fix: () => '',
  },
  {
    id: 'no-such-workflow',
    applies: (answer, context) => answer.status === 404 && isRefusal(answer, context),
    class: 'permanent',
    message: (_, { repository, workflow, connection }) =>
      `GitHub finds no workflow ${workflow?.name ?? ''} at ${workflow?.ref ?? ''} in ${repository}, or GitHub connection ${connection} may not start it (HTTP 404: GitHub does not tell these apart).`,
    fix: (_, { auth, connection, workflow, repository }) =>
      `Check \`repository\`, \`workflow\` and \`ref\` of the destination: the file .github/workflows/${workflow?.name ?? ''} must be on the default branch of ${repository} too. ${
        auth === 'app'
          ? `Install the App of GitHub connection ${connection} on the repository, with the permission "Actions: write"`
          : `Give the token of GitHub connection ${connection} "Actions: Read and write" on the repository`
      }, then redeliver. ${REPLAY}`,
  },
  {
    id: 'no-trigger',
    applies: refusedWith(/does not have '?workflow_dispatch'? trigger/i),
    class: 'permanent',
    message: refused,
    fix: (_, { workflow }) =>
      `Add \`workflow_dispatch\` under \`on:\` of ${workflow?.name ?? 'the workflow'} at ${workflow?.ref ?? 'the ref'} and on the default branch, with an input \`payload\`, then redeliver (${DOCS}).`,
  },
  {
    id: 'inputs-not-declared',
    applies: refusedWith(/unexpected inputs? provided/i),
    class: 'permanent',
    message: refused,
    fix: (_, { workflow }) =>
      `Declare these inputs, \`payload\` always among them, under \`on.workflow_dispatch.inputs\` of ${workflow?.name ?? 'the workflow'} at ${workflow?.ref ?? 'the ref'}, then redeliver. Or take them out of \`inputs\` of the destination. ${REPLAY}`,
  },
  {
    id: 'inputs-wrong',
    applies: refusedWith(/required input|for input '|invalid value for input|inputs are too large/i),
    class: 'permanent',
    message: refused,
    fix: () =>
      `Correct \`inputs\` of the destination, or what the workflow demands of them under \`on.workflow_dispatch.inputs\`. ${REPLAY}`,
  },
  {
    id: 'too-many-inputs',
    applies: refusedWith(/(at most|up to|no more than|maximum of) (10|25)\b/i),
    class: 'permanent',
    message: refused,
    fix: () =>
      `Take inputs out of the destination and of the workflow: GitHub takes 25 with \`payload\`, GitHub Enterprise Server up to 3.19 only 10. Several values fit into \`parameters\`, which cost no input. ${REPLAY}`,
  },
  {
    id: 'no-such-ref',
    applies: refusedWith(/no ref found/i),
    class: 'permanent',
    message: refused,
    fix: (_, { repository }) =>
      `Put a branch or tag of ${repository} into \`ref\` of the destination. ${REPLAY}`,
  },
  {
    id: 'disabled',
    applies: refusedWith(/disabled workflow/i),
    class: 'permanent',
    message: refused,
    fix: (_, { repository }) =>
      `Enable the workflow under _Actions_ of ${repository}, or with \`gh workflow enable\`, then redeliver.`,
  },
  {
    id: 'not-startable',
    applies: (answer, context) => answer.status === 422 && isRefusal(answer, context),
    class: 'permanent',
    message: refused,
    fix: () =>
      `Correct \`workflow\`, \`ref\` or \`inputs\` of the destination: at most 25 inputs (GitHub Enterprise Server up to 3.19: 10) with 65,535 characters in all. ${REPLAY}`,
  },
  ...GITHUB_ANSWERS,
]
