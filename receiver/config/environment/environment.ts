import { ConfigError, type ConfigProblem } from '../config.ts'
import type { GitHubConnection } from '../../github/connection.ts'
import { createContentReader } from '../content.ts'
import { USUAL_CONFIG_PATH } from './config-path.ts'
import { readCidrs } from './cidrs.ts'
import { readDatabaseUrl } from './database-url.ts'
import { adminAddressOf, listenAddressOf, type ListenAddress } from './listen-address.ts'
import { readOutboundRules } from './outbound.ts'
import { createReader, type EnvironmentNotice, type EnvironmentReader } from './reader.ts'
import type { OutboundRules } from '../../outbound/guard.ts'
import { PRIVATE_KEY_FIX, readPrivateKey } from '../private-key.ts'
import { checkProxies } from './proxies.ts'
import { readPublicUrl } from './public-url.ts'
import { isToken, NOT_A_TOKEN } from '../token.ts'
import { isApiUrl } from '../url.ts'

/** The settings that the process was started with, secrets included: never log this object. */
export interface Environment extends ListenAddress {
  /** Where the dashboard, the API and the metrics answer; null: on the same port as all else. */
  admin: ListenAddress | null
  /** Our own address without a trailing slash, or null. Its path is the base path. */
  public_url: string | null
  /** Addresses and CIDRs whose `X-Forwarded-*` are believed. */
  trust_proxy: string[]
  /** A file, or a directory of files. */
  config_path: string
  /** `postgres://…`, or null for SQLite in `data_dir`. */
  database_url: string | null
  data_dir: string
  /** The GitHub connection `main`, as far as the environment says. */
  github: { auth: GitHubConnection['auth'] | null; api_url: string | null }
  admin_token: string | null
  /** 32 bytes that stored secrets are encrypted with, and the key before that; null where unset. */
  secrets_key: Buffer | null
  secrets_key_previous: Buffer | null
  /** Which addresses users' URLs may reach beyond public https. */
  outbound: OutboundRules
  log_level: (typeof LOG_LEVELS)[number]
  /** How long requests are still taken after SIGTERM, ms. */
  drain_ms: number
  /** How long a start waits for a store that is not there yet, ms. */
  start_ms: number
  /** Notices about single variables, for the log at the start. */
  notices: readonly EnvironmentNotice[]
  /** Hashes of the files that `…_FILE` variables name, by path: a changed one is read again. */
  contents: ReadonlyMap<string, string>
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
const SHORTEST_ADMIN_TOKEN = 24
const KEY_BYTES = 32

/**
 * Reads the environment. An empty variable counts as unset; each secret may come as `…_FILE`.
 * @throws ConfigError with every problem, each naming its variable and the fix; never a value of a secret.
 */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Environment {
  const problems: ConfigProblem[] = []
  const content = createContentReader()
  const reader = createReader(env, problems, content)
  const main = listenAddressOf(reader)
  const environment: Environment = {
    ...main,
    admin: adminAddressOf(reader, main),
    public_url: readPublicUrl(reader),
    trust_proxy: readCidrs(reader, 'TRUST_PROXY'),
    config_path: reader.text('MODEL_DISPATCH_CONFIG') ?? USUAL_CONFIG_PATH,
    database_url: readDatabaseUrl(reader),
    data_dir: reader.text('DATA_DIR') ?? './data',
    github: { auth: readGitHubAuth(reader), api_url: readApiUrl(reader) },
    admin_token: readAdminToken(reader),
    secrets_key: readKey(reader, 'SECRETS_KEY'),
    secrets_key_previous: readKey(reader, 'SECRETS_KEY_PREVIOUS'),
    outbound: readOutboundRules(reader),
    log_level: readLogLevel(reader),
    drain_ms: reader.integer('DRAIN_SECONDS', 5, 3_600) * 1_000,
    start_ms: reader.integer('START_SECONDS', 30, 3_600) * 1_000,
    notices: reader.notices,
    contents: content.seen,
  }
  checkProxies(reader)
  if (problems.length > 0) throw new ConfigError(problems, content.seen)
  return environment
}

function readGitHubAuth(reader: EnvironmentReader): GitHubConnection['auth'] | null {
  const token = reader.secret('GITHUB_TOKEN')
  const app_id = reader.secret('GITHUB_APP_ID')
  const key = reader.secret('GITHUB_APP_PRIVATE_KEY')
  if (token !== null && (app_id !== null || key !== null)) {
    const fix = 'Keep one of the two: unset GITHUB_TOKEN, or GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY.'
    return reader.refuse('GITHUB_TOKEN', 'contradicts GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY', fix)
  }
  if (token !== null && !isToken(token))
    return reader.refuse('GITHUB_TOKEN', NOT_A_TOKEN.message, NOT_A_TOKEN.fix)
  if (token !== null) return { kind: 'token', token }
  if (app_id === null && key === null) return null
  if (app_id === null)
    return reader.refuse('GITHUB_APP_ID', 'is not set', "Set it to the App's id, beside its key.")
  if (key === null)
    return reader.refuse('GITHUB_APP_PRIVATE_KEY', 'is not set', 'Set it, or use GITHUB_TOKEN instead.')
  const private_key = readPrivateKey(key)
  if (private_key !== null) return { kind: 'app', app_id, private_key }
  return reader.refuse('GITHUB_APP_PRIVATE_KEY', 'is not an RSA private key in PEM form', PRIVATE_KEY_FIX)
}

function readApiUrl(reader: EnvironmentReader): string | null {
  const text = reader.text('GITHUB_API_URL')
  if (text === null || isApiUrl(text)) return text?.replace(/\/+$/, '') ?? null
  const fix =
    'For GitHub Enterprise Server write https://HOST/api/v3, for GHE.com https://api.SUBDOMAIN.ghe.com.'
  return reader.refuse('GITHUB_API_URL', 'is not an http or https URL', fix)
}

function readAdminToken(reader: EnvironmentReader): string | null {
  const token = reader.secret('ADMIN_TOKEN')
  if (token === null || token.length >= SHORTEST_ADMIN_TOKEN) return token
  const fix = 'Use a random one: openssl rand -base64 32'
  return reader.refuse('ADMIN_TOKEN', `is shorter than ${SHORTEST_ADMIN_TOKEN} characters`, fix)
}

function readKey(reader: EnvironmentReader, name: string): Buffer | null {
  const text = reader.secret(name)
  if (text === null) return null
  const key = Buffer.from(text, 'base64')
  if (key.length === KEY_BYTES && /^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return key
  return reader.refuse(name, `is not ${KEY_BYTES} bytes in base64`, 'Make one: openssl rand -base64 32')
}

/** Other programs' names for a level: a whole machine is often given one LOG_LEVEL for everything on it. */
const LEVEL_NAMES: ReadonlyMap<string, Environment['log_level']> = new Map([
  ['warning', 'warn'],
  ['critical', 'fatal'],
  ['off', 'silent'],
])

function readLogLevel(reader: EnvironmentReader): Environment['log_level'] {
  const text = (reader.text('LOG_LEVEL') ?? 'info').toLowerCase()
  const level = LOG_LEVELS.find((name) => name === text) ?? LEVEL_NAMES.get(text)
  if (level === undefined)
    reader.refuse('LOG_LEVEL', 'is not a log level', `Use one of ${LOG_LEVELS.join(', ')}.`)
  return level ?? 'info'
}
