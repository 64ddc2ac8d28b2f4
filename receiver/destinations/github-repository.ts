import type { Json } from '../../src/contract/model-event.ts'
import type { Problem } from '../../src/contract/problem.ts'
import type { GitHubConnection } from '../github/connection.ts'
import { matchesGlob } from '../../src/contract/glob.ts'
import { isAllowed, isOwner, isRepositoryName, type Repository } from '../github/repository.ts'
import { compileTemplate, renderString, type TemplateScope } from '../templates/template.ts'
import { RenderError } from './destination.ts'

/**
 * Returns what is wrong with a destination's `repository` as far as that is known without an event, else null.
 * @param globs the connection's `repositories`.
 */
export function repositoryProblem(
  repository: string,
  globs: readonly string[],
  connection: string,
): Problem | null {
  const { owner, name } = split(repository)
  if (owner.includes('$')) {
    const message = `the owner cannot be a template: an event could steer "${repository}" to anybody's repositories`
    return { message, fix: 'Write the owner out, as in "acme/${artifact_collection_name}".' }
  }
  if (!isOwner(owner) || name === '') {
    return { message: `"${repository}" is not a repository`, fix: 'Write owner/name, as in "acme/serving".' }
  }
  if (isTemplate(name)) return ownerProblem(owner, globs, connection)
  if (!isRepositoryName(name)) {
    const fix = 'Write the name as GitHub has it: up to 100 letters, digits, "-", "_" and ".".'
    return { message: `"${name}" is not a repository name`, fix }
  }
  return isAllowed({ owner, repo: name }, globs) ? null : refused(repository, owner, globs, connection)
}

/** Returns the parts of a destination's `repository`; `name` is null where it depends on the event. */
export function repositoryParts(repository: string): { owner: string; name: string | null } {
  const { owner, name } = split(repository)
  return { owner, name: isTemplate(name) ? null : name }
}

/**
 * Returns the repository for one event.
 * @throws RenderError when the name is none.
 */
export function renderRepository(repository: string, scope: TemplateScope): Repository {
  const { owner, name } = split(repository)
  const repo = isTemplate(name)
    ? renderString(compileTemplate(name satisfies Json, { path: 'repository' }), scope)
    : name
  if (isOwner(owner) && isRepositoryName(repo)) return { owner, repo }
  throw new RenderError(
    `"${repository}" gives the repository name ${JSON.stringify(repo.slice(0, 120))}, which cannot exist on GitHub.`,
    'Only send events whose value is a repository name (use a filter or `if`), or name the repository in `repository`.',
  )
}

/**
 * Checks that a repository is among those of its connection.
 * @throws RenderError
 */
export function requireAllowed(
  place: Repository,
  connection: Pick<GitHubConnection, 'name' | 'repositories'>,
): void {
  if (isAllowed(place, connection.repositories)) return
  const name = `${place.owner}/${place.repo}`
  throw new RenderError(
    outside(name, connection.repositories, connection.name),
    `Add ${name} to \`repositories\` of GitHub connection ${connection.name} if events may be sent there, then redeliver.`,
  )
}

function split(repository: string): { owner: string; name: string } {
  const slash = repository.indexOf('/')
  return slash === -1
    ? { owner: repository, name: '' }
    : { owner: repository.slice(0, slash), name: repository.slice(slash + 1) }
}

function isTemplate(name: string): boolean {
  return name.includes('${')
}

function ownerProblem(owner: string, globs: readonly string[], connection: string) {
  const owners = globs.map((glob) => glob.split('/', 1)[0] ?? '')
  if (owners.some((glob) => matchesGlob(glob.toLowerCase(), owner.toLowerCase()))) return null
  return refused(`${owner}/…`, owner, globs, connection)
}

function refused(repository: string, owner: string, globs: readonly string[], connection: string) {
  const fix = `Correct the name, or add it to github.${connection}.repositories, e.g. "${owner}/*".`
  return { message: outside(repository, globs, connection).replace(/\.$/, ''), fix }
}

function outside(repository: string, globs: readonly string[], connection: string): string {
  const list = globs.length === 0 ? 'which is empty' : `which are ${globs.join(', ')}`
  return `${repository} is not among the \`repositories\` of GitHub connection ${connection}, ${list}.`
}
