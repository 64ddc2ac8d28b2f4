import { answerObject, type Answer } from '../outbound/answer.ts'
import { serverTime } from '../outbound/retry-after.ts'
import type { AccessQuestion } from '../github/dispatch.ts'
import type { Examiner } from '../github/examiner.ts'
import { advice, fault, type Finding } from './finding.ts'

/** How far this machine's clock may be off GitHub's, in ms: an App's sign-in is refused from a minute on. */
const MOST_SKEW_MS = 30_000
/** How early a token's end is told, in ms. */
const EXPIRES_SOON_MS = 14 * 24 * 3_600_000

const NOT_GITHUB = {
  message: "What answers in GitHub's place is not GitHub's API: it says yes, and names no repository.",
  fix: 'Check GITHUB_API_URL (https://api.github.com, or https://HOST/api/v3), and whether a proxy shows a page of its own.',
}

/** A repository that can be looked into. */
export interface Found {
  /** `owner/name` as GitHub has it now. */
  name: string
  default_branch: string
}

/** Returns what is wrong with a repository and the way to it, and the repository where it can be read. */
export async function examineRepository(
  github: Examiner,
  question: AccessQuestion,
  { signal, now }: { signal: AbortSignal; now: number },
): Promise<{ findings: Finding[]; found: Found | null }> {
  const about = `${question.owner}/${question.repo}`
  const asked = await github.read(question, '', signal)
  if ('problem' in asked)
    return { findings: [fault(about, asked.problem.message, asked.problem.fix)], found: null }
  const { answer } = asked
  const body = answerObject(answer)
  const { full_name, default_branch, archived, disabled } = body
  const isSuccess = answer.status >= 200 && answer.status < 300
  if (isSuccess && (typeof full_name !== 'string' || typeof default_branch !== 'string'))
    return { findings: [fault(about, NOT_GITHUB.message, NOT_GITHUB.fix)], found: null }
  if (answer.status !== 200 || typeof full_name !== 'string' || typeof default_branch !== 'string') {
    const { message, fix } = github.meaning(answer, question)
    return { findings: [...clock(answer, now), fault(about, message, fix)], found: null }
  }
  const findings = [...clock(answer, now), ...token(answer, now, body)]
  if (full_name.toLowerCase() !== about.toLowerCase())
    findings.push(
      fault(
        about,
        `It is called ${full_name} now.`,
        `Write ${full_name} in the configuration and its automations.`,
      ),
    )
  if (archived === true)
    findings.push(fault(about, 'It is archived: nothing can start in it.', 'Unarchive it, or name another.'))
  if (disabled === true)
    findings.push(fault(about, 'GitHub has disabled it.', 'Ask GitHub Support, or name another repository.'))
  if (archived !== true && disabled !== true) {
    const refused = await github.permission(question, signal)
    if (refused !== null) findings.push(fault(about, refused.message, refused.fix))
  }
  return { findings, found: { name: full_name, default_branch } }
}

function clock({ headers }: Answer, now: number): Finding[] {
  const ahead = now - serverTime(headers, now)
  if (Math.abs(ahead) <= MOST_SKEW_MS) return []
  const where = `${Math.round(Math.abs(ahead) / 1000)} s ${ahead > 0 ? 'ahead of' : 'behind'}`
  const fix =
    'Let it follow a time server (timedatectl set-ntp true): signed times and App sign-ins depend on it.'
  return [fault('clock', `This machine's clock is ${where} GitHub's.`, fix)]
}

/** The facts about a person's token in the headers of an answer. */
function token({ headers }: Answer, now: number, repository: Record<string, unknown>): Finding[] {
  const findings: Finding[] = []
  const scopes = headers['x-oauth-scopes']?.split(',').map((scope) => scope.trim())
  const enough = repository['private'] === true ? ['repo'] : ['repo', 'public_repo']
  if (scopes !== undefined && !scopes.some((scope) => enough.includes(scope)))
    findings.push(
      fault(
        'token',
        `The classic token has the scopes "${scopes.join(', ')}", and not repo.`,
        'Give it the scope repo; better, use a fine-grained token or an App with Contents: write.',
      ),
    )
  const ends = Date.parse(
    (headers['github-authentication-token-expiration'] ?? '').replace(' UTC', 'Z').replace(' ', 'T'),
  )
  if (ends - now < EXPIRES_SOON_MS)
    findings.push(
      advice(
        'token',
        `The token ends on ${new Date(ends).toISOString().slice(0, 10)}.`,
        'Make a new one before; an App has none that ends.',
      ),
    )
  const left = Number(headers['x-ratelimit-remaining'])
  const limit = Number(headers['x-ratelimit-limit'])
  if (limit > 0 && left < limit / 10)
    findings.push(
      advice(
        'token',
        `Only ${left} of ${limit} requests of this hour are left.`,
        'Something else uses the same token: give the receiver one of its own, better an App.',
      ),
    )
  return findings
}
