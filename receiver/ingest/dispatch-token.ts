import type { DispatchesConfig } from '../config/config.ts'
import { equalSecrets, sentBytes } from '../secrets/equal.ts'

/** How GitHub's tokens begin, the classic 40 hex digits left out. */
const GITHUB_TOKEN = /^(gh[pousr]_|github_pat_)/

/** The entry that a token opens, or what GitHub says to one that opens none. `reason` is for our log alone. */
export type DispatchesFor = { entry: DispatchesConfig } | { reason: string; message: string }

/**
 * Returns the entry of `dispatches` whose token the header holds: as `Bearer` (Octokit, curl), as `token` (`gh`), or as
 * the password of `Basic` (`curl -u`), like GitHub takes its own.
 */
export function dispatchesFor(
  header: string | undefined,
  dispatches: readonly DispatchesConfig[],
): DispatchesFor {
  if (header === undefined || header === '')
    return { reason: 'the header Authorization is missing', message: 'Requires authentication' }
  const given = tokenOf(header)
  // Each entry is compared, so that the time of the answer tells nothing.
  const fits = dispatches.filter(({ access_token }) => equalSecrets(sentBytes(given), access_token.trim()))
  const [entry] = fits
  if (entry !== undefined) return { entry }
  const slip = GITHUB_TOKEN.test(given)
    ? ": the sender still has a token of GitHub's; put the access_token of an entry in its place"
    : ''
  const reason = `the token in Authorization is of no entry of \`dispatches\` (${dispatches.length})${slip}`
  return { reason, message: 'Bad credentials' }
}

function tokenOf(header: string): string {
  const [, scheme = '', rest = ''] = /^(bearer|token|basic) +(.+)$/is.exec(header) ?? []
  if (scheme.toLowerCase() !== 'basic') return rest.trim()
  const pair = Buffer.from(rest, 'base64').toString('latin1')
  return pair.slice(pair.indexOf(':') + 1).trim()
}
