import { Router, type Request, type Response } from 'express'
import { WANDB_WORDS } from '../../../src/contract/wandb/words.ts'
import type { Problem } from '../../../src/contract/problem.ts'
import type { PutOutcome, StoredSecrets } from '../../runtime/stored-secrets.ts'
import type { StoredSecret } from '../../store/records.ts'
import type { Audit } from '../audit.ts'
import { problem } from '../problem.ts'
import { paramsOf } from './query.ts'

/** What the routes of secrets work on. */
export interface SecretsOptions {
  secrets: StoredSecrets
  audit: Audit
}

/** Returns `GET /secrets`, `PUT|DELETE /secrets/{name}`. No answer ever holds a value. */
export function secretsRouter({ secrets, audit }: SecretsOptions): Router {
  const router = Router({ caseSensitive: true })
  router.get('/secrets', async (request, response) => {
    paramsOf(request, [])
    response.json({ items: (await secrets.list()).map(secretShape), next_cursor: null })
  })
  router.put('/secrets/:name', (request, response) => put({ secrets, audit }, request, response))
  router.delete('/secrets/:name', async (request, response) => {
    paramsOf(request, [])
    const { name } = request.params
    const deleted = NAME.test(name) && (await secrets.delete(name))
    audit.did(request, 'delete secret', { id: name, outcome: deleted ? 'deleted' : 'not_found' })
    if (deleted) response.status(204).end()
    else problem(response, 404, 'secret_not_found', `There is no secret "${name}".`)
  })
  return router
}

async function put(
  { secrets, audit }: SecretsOptions,
  request: Request<{ name: string }>,
  response: Response,
): Promise<void> {
  paramsOf(request, [])
  const { name } = request.params
  const given = readSecret(name, request.body)
  if ('message' in given) {
    problem(response, 422, 'bad_secret', `${given.message}. ${given.fix}`)
    return
  }
  const outcome = await secrets.put({ name, ...given })
  audit.did(request, 'put secret', { id: name, hosts: given.hosts, outcome })
  const refused = REFUSED.get(outcome)
  if (refused !== undefined) problem(response, 409, ...refused)
  else response.status(outcome === 'created' ? 201 : 200).json({ name, hosts: given.hosts, status: outcome })
}

const REFUSED: ReadonlyMap<PutOutcome, [code: string, detail: string]> = new Map([
  [
    'no_key',
    [
      'secrets_key_missing',
      'There is no key to encrypt it with. Set SECRETS_KEY on every replica (openssl rand -base64 32), and restart.',
    ],
  ],
  [
    'other_key',
    [
      'other_secrets_key',
      "Other secrets are stored under a key that this process does not have: another replica's SECRETS_KEY differs. Give all of them the same.",
    ],
  ],
  ['too_many', ['too_many_secrets', 'There are 1000 already. Delete those that are not used any more.']],
])

/** Names are written in capitals, so that no word of an event has one. */
const NAME = /^[A-Z][A-Z0-9_]{0,63}$/

/** Names that stand for something else in a template, or look as if they did. */
const TAKEN: ReadonlySet<string> = new Set(['ACCESS_TOKEN', ...WANDB_WORDS.map((word) => word.toUpperCase())])

/** The shortest value that can be masked wherever it shows, and the longest, in characters. */
const LEAST = 8
const MOST = 8_192

const MOST_HOSTS = 20
const HOST =
  /^(\*\.)?([a-z\d_]([a-z\d_-]{0,61}[a-z\d_])?\.)*[a-z\d_]([a-z\d_-]{0,61}[a-z\d_])?$|^\[[\da-f:.]+\]$/

function readSecret(name: string, body: unknown): { value: string; hosts: string[] } | Problem {
  if (!NAME.test(name))
    return wrong(
      'A name has capitals, digits and _, begins with a letter, and has at most 64 of them',
      RENAME,
    )
  if (TAKEN.has(name)) return wrong(`${name} is the name of a word of templates`, RENAME)
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return wrong('The body is not a JSON object', HOW)
  const { value, hosts, ...others } = body as Record<string, unknown>
  const [other] = Object.keys(others)
  if (other !== undefined) return wrong(`There is no key ${JSON.stringify(other.slice(0, 40))}`, HOW)
  return (
    valueProblem(value) ?? hostsProblem(hosts) ?? { value: value as string, hosts: lower(hosts as string[]) }
  )
}

const RENAME = 'Choose another one, e.g. SLACK_TOKEN.'
const HOW = 'Send {"value": "…", "hosts": ["hooks.example.com"]}.'

function valueProblem(value: unknown): Problem | null {
  if (typeof value !== 'string') return wrong('`value` is not a text', HOW)
  if (value.length < LEAST || value.length > MOST)
    return wrong(
      `\`value\` has ${value.length} characters, not ${LEAST} to ${MOST}`,
      'A shorter one could not be masked.',
    )
  if (!value.isWellFormed() || value.includes('\0'))
    return wrong('`value` is not a text in UTF-8', 'Encode it in base64.')
  if (value !== value.trim())
    return wrong(
      '`value` begins or ends with white space',
      'Take it out: a line break at the end often comes from a file.',
    )
  return null
}

function hostsProblem(hosts: unknown): Problem | null {
  const list: unknown[] = Array.isArray(hosts) ? hosts : []
  if (list.length === 0 || list.length > MOST_HOSTS)
    return wrong(
      `\`hosts\` is not a list of 1 to ${MOST_HOSTS} hosts`,
      'Name every host that it may be sent to.',
    )
  const isHost = (host: unknown) =>
    typeof host === 'string' && host.length <= 253 && HOST.test(host.toLowerCase())
  if (list.every(isHost)) return null
  return wrong(
    '`hosts` holds something that is no host',
    'Write names without scheme, port and path, e.g. hooks.example.com or *.example.com.',
  )
}

const lower = (hosts: readonly string[]) => [...new Set(hosts.map((host) => host.toLowerCase()))]

function wrong(message: string, fix: string): Problem {
  return { message, fix }
}

function secretShape({ name, hosts, created_at, updated_at, last_used_at }: StoredSecret) {
  const time = (ms: number) => new Date(ms).toISOString()
  return {
    name,
    hosts,
    created_at: time(created_at),
    updated_at: time(updated_at),
    last_used_at: last_used_at === null ? null : time(last_used_at),
  }
}
