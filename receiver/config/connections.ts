import type { GitHubConnection } from '../github/connection.ts'
import type { Environment } from './environment/environment.ts'
import { PRIVATE_KEY_FIX, readPrivateKey } from './private-key.ts'
import type { Fault } from './problems.ts'
import type { ConnectionInput } from './schema.ts'
import { isToken, NOT_A_TOKEN } from './token.ts'
import { isApiUrl } from './url.ts'

const GITHUB = 'https://api.github.com'
/** The connection that the environment makes. */
const MAIN = 'main'

/** A connection as far as it is known; `repositories` is null where the file doesn't list them. */
export interface OpenConnection {
  connection: GitHubConnection
  repositories: string[] | null
}

/**
 * Makes a connection. Returns null without faults for `main` when neither the file nor the environment has credentials.
 */
export function buildConnection(
  name: string,
  input: ConnectionInput,
  { github }: Environment,
): { open: OpenConnection | null; faults: Fault[] } {
  const faults = urlFaults(name, input)
  const auth = hasAuth(input) ? spelledAuth(name, input, faults) : name === MAIN ? github.auth : null
  if (auth === null) {
    if (name !== MAIN && !hasAuth(input)) faults.push(missingAuth(name))
    return { open: null, faults }
  }
  const connection: GitHubConnection = {
    name,
    api_url: (input.api_url ?? github.api_url ?? GITHUB).replace(/\/+$/, ''),
    auth,
    repositories: input.repositories ?? [],
    listed: input.repositories !== undefined,
    writes_per_second: input.writes_per_second,
  }
  return { open: { connection, repositories: input.repositories ?? null }, faults }
}

/** Returns the connection `main` where no file spells it out; null without credentials in the environment. */
export function mainFromEnvironment({ github }: Environment): OpenConnection | null {
  if (github.auth === null) return null
  const api_url = github.api_url ?? GITHUB
  const connection = {
    name: MAIN,
    api_url,
    auth: github.auth,
    repositories: [],
    listed: false,
    writes_per_second: 1,
  }
  return { connection, repositories: null }
}

function hasAuth({ token, app_id, private_key }: ConnectionInput): boolean {
  return token !== undefined || app_id !== undefined || private_key !== undefined
}

function spelledAuth(
  name: string,
  { token, app_id, private_key }: ConnectionInput,
  faults: Fault[],
): GitHubConnection['auth'] | null {
  const refuse = (key: string, message: string, fix: string): null => {
    faults.push({ path: ['github', name, key], message, fix })
    return null
  }
  if (token !== undefined) {
    if (app_id !== undefined || private_key !== undefined)
      return refuse('token', 'contradicts app_id and private_key', 'Keep the token, or the App.')
    if (!isToken(token)) return refuse('token', NOT_A_TOKEN.message, NOT_A_TOKEN.fix)
    return { kind: 'token', token }
  }
  if (app_id === undefined) return refuse('app_id', 'is missing beside private_key', "Add the App's id.")
  if (private_key === undefined)
    return refuse('private_key', 'is missing beside app_id', "Add the App's key.")
  const pem = readPrivateKey(private_key)
  if (pem === null) return refuse('private_key', 'is not an RSA private key in PEM form', PRIVATE_KEY_FIX)
  return { kind: 'app', app_id: String(app_id), private_key: pem }
}

function urlFaults(name: string, { api_url }: ConnectionInput): Fault[] {
  if (api_url === undefined || isApiUrl(api_url)) return []
  const fix = 'Write https://api.github.com, https://HOST/api/v3 (GHES) or https://api.SUBDOMAIN.ghe.com.'
  return [{ path: ['github', name, 'api_url'], message: 'is not an http or https URL', fix }]
}

function missingAuth(name: string): Fault {
  const message = 'this connection has no credentials'
  return { path: ['github', name], message, fix: 'Add token, or app_id and private_key.' }
}
