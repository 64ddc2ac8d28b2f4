import type { Answer } from '../outbound/answer.ts'
import { readAnswerBy, type AnswerRow } from '../outbound/answer-table.ts'
import type { Meaning } from '../policy/attempt.ts'
import { bound, inline } from '../secrets/redact.ts'
import { isForeign, wordsOf } from './not-github.ts'
import { quote } from './quote.ts'
import { gitHubRetryAfter, untilReset } from './limit-headers.ts'

/** The request that was answered: makes the instruction exact. */
export interface AnswerContext {
  /** Now, Unix time in ms. */
  now: number
  /** `owner/name`. */
  repository: string
  /** The name of the GitHub connection in the configuration. */
  connection: string
  /** The API address that it asks. */
  api_url: string
  /** The workflow that a `workflow_dispatch` starts; null for a `repository_dispatch`. */
  workflow: { name: string; ref: string } | null
  /** How the connection authenticates. */
  auth: 'token' | 'app'
  /** The call that was answered: the dispatch itself, or a step before it. */
  step: 'dispatch' | 'installation' | 'token'
  /** The tokens in use, which must not be quoted. */
  secrets: readonly string[]
}

const silent = (): string => ''
/** Advises to replay, where the configuration is at fault: a redelivery follows the revision of the accepted event. */
export const REPLAY = 'Then replay the event: a redelivery would send what was accepted.'
const limits = 'https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api'

const STEPS = {
  dispatch: 'the dispatch',
  installation: 'the question where the App is installed',
  token: 'the request for a token',
} as const satisfies Record<AnswerContext['step'], string>

/**
 * The meaning of each answer of GitHub, first row that applies wins. Sources: GitHub's "Troubleshooting the REST API",
 * "Rate limits for the REST API" and "Best practices for using the REST API".
 */
export const GITHUB_ANSWERS: readonly AnswerRow<AnswerContext>[] = [
  {
    id: 'not-github',
    applies: isForeign,
    class: 'ambiguous',
    message: (answer, { step, secrets }) => {
      // A value in the place of a token may hold one that nobody knows yet.
      const words = step === 'token' ? '' : ` "${bound(inline(wordsOf(answer), secrets), 200)}"`
      return isSuccess(answer)
        ? `HTTP ${answer.status}${words} is not how GitHub answers ${STEPS[step]}: ${outcomeOf(step)}.`
        : `HTTP ${answer.status}${words} is not an answer of GitHub's API: nothing was dispatched.`
    },
    fix: (_, context) => answeredInItsPlace(context),
  },
  {
    id: 'unreadable',
    applies: (answer, { step }) => isSuccess(answer) && step !== 'dispatch',
    class: 'ambiguous',
    message: ({ status }, { step }) =>
      `GitHub's answer to ${STEPS[step]} (HTTP ${status}) could not be read: ${outcomeOf(step)}.`,
    fix: (_, context) => answeredInItsPlace(context),
  },
  {
    id: 'accepted',
    applies: isSuccess,
    class: 'success',
    message: silent,
    fix: silent,
  },
  {
    id: 'moved',
    applies: ({ status }) => [301, 302, 307, 308].includes(status),
    class: 'permanent',
    message: ({ status, headers }, { repository, secrets }) =>
      `${repository} has moved, and GitHub's redirect (HTTP ${status} to ${inline(headers['location'] ?? 'no location', secrets)}) cannot be followed: only up to three redirects on the same host are.`,
    fix: (_, { connection }) =>
      `Put the repository's present name into \`repository\`, and check that the API address of GitHub connection ${connection} is the API itself and not a sign-in page. ${REPLAY}`,
  },
  {
    id: 'bad-request',
    applies: ({ status }) => status === 400,
    class: 'permanent',
    message: (answer, context) =>
      `GitHub does not understand the request (HTTP 400): ${quote(answer, context)}`,
    fix: (_, { connection }) =>
      `Check that the API address of GitHub connection ${connection} speaks GitHub's REST API version 2022-11-28.`,
  },
  {
    id: 'bad-credentials',
    applies: ({ status }) => status === 401,
    class: 'credentials',
    message: (answer, context) =>
      `GitHub refuses the credentials of connection ${context.connection} (HTTP 401): ${quote(answer, context)}`,
    fix: (_, { auth, connection }) =>
      auth === 'app'
        ? `Check the App id and the private key of GitHub connection ${connection}, and this machine's clock: App sign-ins are valid for minutes.`
        : `Make a new token and put it into GitHub connection ${connection}: this one has expired, was revoked or is mistyped.`,
  },
  {
    id: 'primary-limit',
    // A proxy may remove GitHub's headers; the words then tell a limit from a missing permission.
    applies: ({ status, headers, body }) =>
      ((status === 403 || status === 429) && headers['x-ratelimit-remaining'] === '0') ||
      (status === 403 && /API rate limit exceeded/.test(body)),
    class: 'limited',
    message: ({ headers }) =>
      `GitHub's hourly limit${limitOf(headers['x-ratelimit-limit'])} of this identity is used up.`,
    fix: () =>
      `Nothing to do: deliveries go on after the reset. A GitHub App has a limit of its own (${limits}).`,
    wait: ({ headers }, { now }) => gitHubRetryAfter(headers, now) ?? untilReset(headers, now),
  },
  {
    id: 'secondary-limit',
    applies: ({ status, headers, body }) =>
      status === 429 ||
      (status === 403 &&
        (headers['retry-after'] !== undefined || /secondary rate limit|abuse detection/i.test(body))),
    class: 'limited',
    message: ({ status }) =>
      `GitHub's secondary rate limit (HTTP ${status}) asks this identity to slow down.`,
    fix: (_, { connection }) =>
      `Nothing to do: deliveries go on after the wait. If it happens often, lower \`writes_per_second\` of GitHub connection ${connection}, or give other tools that use this identity one of their own (${limits}).`,
    // Without Retry-After GitHub asks for a minute, then exponentially more: the lane counts that.
    wait: ({ headers }, { now }) => gitHubRetryAfter(headers, now),
  },
  {
    id: 'suspended',
    applies: ({ status, body }) => status === 403 && /suspended/i.test(body),
    class: 'credentials',
    message: (answer, context) =>
      `The identity of GitHub connection ${context.connection} is suspended (HTTP 403): ${quote(answer, context)}`,
    fix: (_, { auth, repository }) =>
      auth === 'app'
        ? `Unsuspend the App's installation in the settings of ${ownerOf(repository)} (GitHub Apps, Configure).`
        : 'Ask an administrator of GitHub to lift the suspension, or use the token of another account.',
  },
  {
    id: 'missing-permission',
    applies: ({ status, body }) => status === 403 && /resource not accessible by/i.test(body),
    class: 'permanent',
    message: (answer, context) =>
      `GitHub connection ${context.connection} may not send to ${context.repository} (HTTP 403): ${quote(answer, context)}`,
    fix: ({ headers }, context) => permissionFix(headers['x-accepted-github-permissions'], context),
  },
  {
    id: 'single-sign-on',
    applies: ({ status, headers, body }) =>
      status === 403 && (headers['x-github-sso'] !== undefined || /SAML/.test(body)),
    class: 'permanent',
    message: (_, { repository }) =>
      `${ownerOf(repository)} enforces single sign-on, and the token is not authorised for it (HTTP 403).`,
    fix: (_, { repository }) =>
      `Authorise the token for ${ownerOf(repository)} (GitHub: Settings, Developer settings, the token, Configure SSO), or use a GitHub App.`,
  },
  {
    id: 'forbidden',
    applies: ({ status }) => status === 403,
    class: 'permanent',
    message: (answer, context) =>
      `GitHub forbids sending to ${context.repository} (HTTP 403): ${quote(answer, context)}`,
    fix: () =>
      'Read what GitHub says: an archived or blocked repository, an IP allow list without this machine, and a policy of the organisation all answer so. Then redeliver.',
  },
  {
    id: 'not-found',
    applies: ({ status }) => status === 404,
    class: 'permanent',
    message: (_, context) => notFound(context),
    fix: (_, context) => notFoundFix(context),
  },
  {
    id: 'gone',
    applies: ({ status }) => status === 410,
    class: 'permanent',
    message: (answer, context) =>
      `GitHub says that this is gone for ${context.repository} (HTTP 410): ${quote(answer, context)}`,
    fix: () => `Remove the destination, or name a repository that exists. ${REPLAY}`,
  },
  {
    id: 'invalid',
    applies: ({ status }) => status === 422,
    class: 'permanent',
    message: (answer, context) => `GitHub finds the request invalid (HTTP 422): ${quote(answer, context)}`,
    fix: (_, { step, workflow }) =>
      step === 'token'
        ? `Grant the App the repository permission "${permissionOf(workflow)}: write" in its settings, accept it on the installation, then redeliver.`
        : `Correct \`event_type\` or \`client_payload\` of the destination: at most 100 characters, 10 keys, under 64 KB. ${REPLAY}`,
  },
  {
    id: 'blocked-by-law',
    applies: ({ status }) => status === 451,
    class: 'permanent',
    message: (_, { repository }) => `${repository} is blocked for legal reasons (HTTP 451).`,
    fix: () => `See the notice on the repository page, or name another repository. ${REPLAY}`,
  },
  {
    id: 'try-later',
    applies: ({ status }) => status >= 500 || status === 408 || status === 425,
    class: 'ambiguous',
    message: ({ status }, { step }) => `GitHub answered HTTP ${status}: ${outcomeOf(step)}.`,
    fix: () =>
      'It is tried again by itself with the same delivery id. See https://www.githubstatus.com if it lasts.',
    wait: ({ headers }, { now }) => gitHubRetryAfter(headers, now),
  },
  {
    id: 'refused',
    applies: () => true,
    class: 'permanent',
    message: (answer, context) => `GitHub answered HTTP ${answer.status}: ${quote(answer, context)}`,
    fix: (_, { connection }) =>
      `Check that the API address of GitHub connection ${connection} is GitHub's API and that no proxy answers in its place.`,
  },
]

/**
 * Returns what GitHub's answer means and what to do about it. Pure: a 401 is `credentials` here, and refreshing the
 * token first is the caller's part, as is following a redirect. GitHub is quoted with every token masked.
 */
export function readAnswer(
  answer: Answer,
  context: AnswerContext,
  rows: readonly AnswerRow<AnswerContext>[] = GITHUB_ANSWERS,
): Meaning & { row: string } {
  return readAnswerBy(rows, answer, context)
}

function outcomeOf(step: AnswerContext['step']): string {
  return step === 'dispatch' ? 'the dispatch may or may not have been accepted' : 'nothing was dispatched'
}

function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status < 300
}

function answeredInItsPlace({ connection, api_url }: AnswerContext): string {
  return `GitHub connection ${connection} asks ${api_url}: check that this is the address of the API (GitHub Enterprise Server: https://HOST/api/v3), and that no proxy (HTTPS_PROXY) and no sign-in page answers in GitHub's place. It is tried again by itself with the same delivery id.`
}

function limitOf(limit: string | undefined): string {
  return limit !== undefined && /^\d{1,9}$/.test(limit) ? ` of ${limit} requests` : ''
}

/** Returns the permission that the dispatch needs, as GitHub's settings call it. */
function permissionOf(workflow: AnswerContext['workflow']): 'Actions' | 'Contents' {
  return workflow === null ? 'Contents' : 'Actions'
}

function permissionFix(accepted: string | undefined, { auth, secrets, workflow }: AnswerContext): string {
  const permission = permissionOf(workflow)
  const needed = accepted === undefined ? `${permission.toLowerCase()}=write` : inline(accepted, secrets)
  const where =
    auth === 'app'
      ? "Add it in the App's settings and accept it on the installation, or add the repository to the installation"
      : `Add it to the token (a fine-grained token needs "${permission}: Read and write" and the repository in its list; a classic one the scope \`repo\`)`
  return `GitHub asks for the permission ${needed}. ${where}, then redeliver.`
}

function notFound({ repository, auth, step }: AnswerContext): string {
  if (step === 'token') return `The App's installation on ${ownerOf(repository)} no longer exists (HTTP 404).`
  const access = auth === 'app' ? 'the GitHub App is not installed on it' : 'the token has no access to it'
  return `${repository} does not exist, or ${access} (HTTP 404: GitHub does not tell the two apart).`
}

function notFoundFix({ repository, auth, connection, workflow }: AnswerContext): string {
  const access =
    auth === 'app'
      ? `Install the App of GitHub connection ${connection} on ${repository}`
      : `Give the token of GitHub connection ${connection} access to ${repository} (${permissionOf(workflow)}: write)`
  return `${access}, then redeliver. Or, if the spelling is wrong, correct \`repository\`. ${REPLAY}`
}

function ownerOf(repository: string): string {
  return repository.split('/', 1)[0] ?? repository
}
