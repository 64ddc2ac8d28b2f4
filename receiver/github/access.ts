import { answerObject, type Answer } from '../outbound/answer.ts'
import type { Access } from '../policy/attempt.ts'
import type { GitHubConnection } from './connection.ts'

/**
 * Returns what `GET /repos/{owner}/{repo}` says about a dispatch. GitHub has made the token of an App with the
 * permission that a dispatch needs, so that an App that has a token has it; of a person's token it tells the role.
 * https://docs.github.com/rest/repos/repos#get-a-repository
 */
export function accessIn(answer: Answer, { name, auth }: GitHubConnection, workflow: string | null): Access {
  const { permissions, archived } = answerObject(answer) as {
    permissions?: { push?: unknown }
    archived?: unknown
  }
  const { status } = answer
  const needed = workflow === null ? 'Contents: write' : 'Actions: write'
  if (archived === true)
    return {
      allowed: false,
      status,
      message: 'The repository is archived: nothing can be started in it.',
      fix: 'Unarchive it, or name another repository.',
    }
  if (auth.kind === 'token' && permissions?.push === false)
    return {
      allowed: false,
      status,
      message: `The token of GitHub connection ${name} may read the repository, and not write to it.`,
      fix: `Give the token ${needed} on this repository, and its owner write access.`,
    }
  if (auth.kind === 'token' && permissions?.push === undefined)
    return { allowed: null, status, message: 'GitHub does not tell the role of the token.', fix: '' }
  const holder = auth.kind === 'app' ? 'The App' : 'The owner of the token'
  return { allowed: true, status, message: `${holder} may write to the repository.`, fix: '' }
}
