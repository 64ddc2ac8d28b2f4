import type { Files } from './files.ts'
import { startWorkflow, type Workflows } from './workflows.ts'
import { access, idOf, type Account, type Accounts } from './accounts.ts'
import type { Operation } from './openapi.ts'
import {
  errorAnswer,
  missingActions,
  jsonAnswer,
  movedTo,
  realAnswer,
  type AnswerSetting,
  type WireAnswer,
} from './real-answers.ts'

/** A repository named by a request's path. */
export interface Place {
  owner: string
  repo: string
}

/** A request whose path GitHub knows. */
export interface Route {
  operation: Operation
  /** Null for `/user` and the like. */
  place: Place | null
  installation: number | null
  /** File name or number of a workflow; null where none is named. */
  workflow: string | null
  /** Below `/contents/`. */
  path?: string
  ref?: string | null
}

/** Repositories that exist here. */
export interface Repositories {
  /** `owner/name`; null: all exist. */
  known: readonly string[] | null
  /** New names by old names. */
  moved: Record<string, string>
}

/**
 * The operation of a path below the API address; null for one that GitHub does not have. Repositories are also
 * reached by number, which is where GitHub's redirects of renamed ones lead.
 */
export function findRoute(method: string, path: string, repositories: Repositories): Route | null {
  const [, owner, repo, rest = ''] = /^\/repos\/([^/]+)\/([^/]+)(\/.+)?$/.exec(path) ?? []
  if (owner !== undefined && repo !== undefined) {
    return repositoryRoute(method, { owner: decodeURIComponent(owner), repo: decodeURIComponent(repo) }, rest)
  }
  const [, number, below = ''] = /^\/repositories\/(\d+)(\/.+)?$/.exec(path) ?? []
  const place = Object.values(repositories.moved).find((name) => idOf(name) === Number(number))
  if (place !== undefined) {
    const [newOwner = '', newRepo = ''] = place.split('/')
    return repositoryRoute(method, { owner: newOwner, repo: newRepo }, below)
  }
  const installation = /^\/app\/installations\/(\d+)\/access_tokens$/.exec(path)?.[1]
  if (method === 'POST' && installation !== undefined)
    return { operation: 'token', place: null, installation: Number(installation), workflow: null }
  return method === 'GET' && path === '/user'
    ? { operation: 'user', place: null, installation: null, workflow: null }
    : null
}

const BELOW_REPOSITORY: ReadonlyMap<string, Operation> = new Map([
  ['POST /dispatches', 'dispatch'],
  ['GET /installation', 'installation'],
  ['GET ', 'repository'],
])

function repositoryRoute(method: string, place: Place, rest: string): Route | null {
  const workflow = /^\/actions\/workflows\/([^/]+)\/dispatches$/.exec(rest)?.[1]
  if (method === 'POST' && workflow !== undefined)
    return { operation: 'workflow', place, installation: null, workflow: decodeURIComponent(workflow) }
  const [, path, ref = null] = /^\/contents\/([^?]+)(?:\?ref=([^&]+))?$/.exec(rest) ?? []
  if (method === 'GET' && path !== undefined)
    return {
      ...{ operation: 'contents', place, installation: null, workflow: null },
      path: decodeURIComponent(path),
      ref: ref === null ? null : decodeURIComponent(ref),
    }
  const file = /^\/actions\/workflows\/([^/]+)$/.exec(rest)?.[1]
  if (method === 'GET' && file !== undefined)
    return { operation: 'workflow_file', place, installation: null, workflow: decodeURIComponent(file) }
  if (method === 'GET' && /^\/actions\/workflows(\?per_page=\d+)?$/.test(rest))
    return { operation: 'workflow_files', place, installation: null, workflow: null }
  const operation = BELOW_REPOSITORY.get(`${method} ${rest}`)
  return operation === undefined ? null : { operation, place, installation: null, workflow: null }
}

/** What an answer is made from. */
export interface Context extends AnswerSetting {
  account: Account
  accounts: Accounts
  repositories: Repositories
  workflows: Workflows
  files: Files
  body: unknown
}

/** GitHub's answer to a request that nothing is wrong with so far. A dispatch is accepted if this is a 204. */
export function answerRoute(route: Route, context: Context): WireAnswer {
  const moved = route.place === null ? null : redirected(route, route.place, context)
  if (moved !== null) return moved
  switch (route.operation) {
    case 'dispatch':
      return dispatch(route.place, context)
    case 'workflow':
      return workflow(route, context)
    case 'installation':
      return installation(route.place, context)
    case 'token':
      return token(route.installation, context)
    case 'user':
      return user(context)
    case 'repository':
      return repository(route.place, context)
    case 'contents':
    case 'workflow_file':
    case 'workflow_files':
      return file(route, context)
  }
}

function redirected(
  { operation, workflow, path }: Route,
  place: Place,
  { repositories, url }: Context,
): WireAnswer | null {
  const name = `${place.owner}/${place.repo}`.toLowerCase()
  const target = Object.entries(repositories.moved).find(([old]) => old.toLowerCase() === name)?.[1]
  if (target === undefined) return null
  const rest = {
    dispatch: '/dispatches',
    workflow: `/actions/workflows/${encodeURIComponent(workflow ?? '')}/dispatches`,
    installation: '/installation',
    repository: '',
    contents: `/contents/${path ?? ''}`,
    workflow_file: `/actions/workflows/${encodeURIComponent(workflow ?? '')}`,
    workflow_files: '/actions/workflows',
  }[operation as 'dispatch']
  return movedTo(`${url}/repositories/${idOf(target)}${rest}`)
}

function dispatch(place: Place | null, context: Context): WireAnswer {
  if (place === null || !exists(place, context)) return realAnswer('not-found', context)
  const allowed = access(context.account, place)
  if (allowed === 'none') return realAnswer('not-found', context)
  return realAnswer(allowed === 'write' ? 'accepted' : 'missing-permission-app', context)
}

function workflow({ place, workflow: name }: Route, context: Context): WireAnswer {
  if (place === null || name === null || !exists(place, context)) return realAnswer('not-found', context)
  const allowed = access(context.account, place, 'canStart')
  if (allowed === 'none') return realAnswer('not-found', context)
  if (allowed === 'read') return missingActions()
  return startWorkflow(context.workflows, { place, name, body: context.body }, context)
}

function installation(place: Place | null, context: Context): WireAnswer {
  const found = place === null || !exists(place, context) ? null : context.accounts.installation(place.owner)
  if (!context.account.identity.startsWith('app:'))
    return errorAnswer(401, 'A JSON web token could not be decoded')
  if (found === null || place === null) return realAnswer('not-found', context)
  return jsonAnswer(200, {
    id: found.id,
    app_id: Number(found.app_id),
    account: { login: place.owner, id: idOf(place.owner), type: 'Organization' },
    repository_selection: 'selected',
    access_tokens_url: `${context.url}/app/installations/${found.id}/access_tokens`,
    permissions: { contents: 'write', metadata: 'read' },
    suspended_at: null,
  })
}

function token(id: number | null, context: Context): WireAnswer {
  if (!context.account.identity.startsWith('app:'))
    return errorAnswer(401, 'A JSON web token could not be decoded')
  const { repositories } = (context.body ?? {}) as { repositories?: string[] }
  if (repositories?.some((name) => !isName(name, context)) === true)
    return errorAnswer(
      422,
      'There is at least one repository that does not exist or is not accessible to the parent installation.',
    )
  const minted = id === null ? null : context.accounts.mint(id, context.body, context.now)
  if (minted === null) return realAnswer('not-found', context)
  return jsonAnswer(201, {
    ...minted,
    permissions: { contents: 'write', metadata: 'read' },
    repository_selection: 'selected',
  })
}

function user({ account }: Context): WireAnswer {
  const login = account.identity.replace(/^user:/, '')
  if (login === account.identity) return errorAnswer(403, 'Resource not accessible by integration')
  return jsonAnswer(200, { login, id: idOf(login), type: 'User', user_view_type: 'public' })
}

function repository(place: Place | null, context: Context): WireAnswer {
  if (place === null || !exists(place, context)) return realAnswer('not-found', context)
  const push = access(context.account, place) === 'write'
  const full_name = `${place.owner}/${place.repo}`
  const { repository_fields = {}, repository_headers = {} } = context.files.options
  const answer = jsonAnswer(200, {
    id: idOf(full_name),
    name: place.repo,
    full_name,
    private: true,
    default_branch: 'main',
    permissions: { admin: false, push, pull: true },
    ...repository_fields,
  })
  return { ...answer, headers: { ...answer.headers, ...repository_headers } }
}

function file({ operation, place, workflow, path = '', ref = null }: Route, context: Context): WireAnswer {
  if (place === null || !exists(place, context)) return realAnswer('not-found', context)
  if (operation === 'workflow_files') return context.files.workflows()
  if (workflow !== null) return context.files.workflow(workflow, context)
  return context.files.contents({ path, ref }, context)
}

/** Whether a repository has this name now: no request for a token finds one by a name that it had. */
function isName(name: string, { repositories: { known, moved } }: Context): boolean {
  const has = (names: readonly string[]) =>
    names.some((one) => one.toLowerCase().endsWith(`/${name.toLowerCase()}`))
  return !has(Object.keys(moved)) && (known === null || has([...known, ...Object.values(moved)]))
}

function exists({ owner, repo }: Place, { repositories: { known, moved } }: Context): boolean {
  const name = `${owner}/${repo}`.toLowerCase()
  return known === null || [...known, ...Object.values(moved)].some((one) => one.toLowerCase() === name)
}
