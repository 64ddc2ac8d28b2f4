import { matchesGlob } from '../../src/contract/glob.ts'

/** A repository on GitHub. */
export interface Repository {
  owner: string
  repo: string
}

/** GitHub's account names: letters, digits, `-`, and `_` of Enterprise Managed Users. */
const OWNER = /^[A-Za-z0-9_-]{1,100}$/
/** GitHub's repository names. */
const NAME = /^[A-Za-z0-9._-]{1,100}$/

/** Returns whether GitHub could have an account of this name. */
export function isOwner(name: string): boolean {
  return OWNER.test(name)
}

/** Returns whether GitHub could have a repository of this name, the owner left out. */
export function isRepositoryName(name: string): boolean {
  return NAME.test(name) && name !== '.' && name !== '..'
}

/** Returns whether a repository is in a list of globs of `owner/name`. GitHub's names are not case-sensitive. */
export function isAllowed({ owner, repo }: Repository, globs: readonly string[]): boolean {
  const name = `${owner}/${repo}`.toLowerCase()
  return globs.some((glob) => matchesGlob(glob.toLowerCase(), name))
}
