import { z } from 'zod'
import { WANDB_WORDS } from '../../../src/contract/wandb/words.ts'
import type { Problem } from '../../../src/contract/problem.ts'
import type { PutOutcome } from '../../runtime/stored-secrets.ts'
import type { StoredSecret } from '../../store/secret-records.ts'
import { ApiProblem } from '../problem.ts'
import { route, type Route } from '../route.ts'
import { listOf, time } from './schemas.ts'
import { time as timeText, timeOrNull } from './shapes.ts'

const secret = z
  .object({
    name: z.string(),
    hosts: z.array(z.string()).describe('Where it may be sent.'),
    created_at: time,
    updated_at: time,
    last_used_at: time.nullable().describe('About when a request last carried it.'),
  })
  .meta({ id: 'Secret' })

const secretValue = z
  .strictObject({
    value: z.string().min(8).max(8_192).meta({ writeOnly: true }),
    hosts: z.array(z.string()).min(1).max(20).describe('Names of hosts: hooks.example.com, *.example.com.'),
  })
  .meta({
    id: 'SecretValue',
    examples: [{ value: 'the-token-of-the-team', hosts: ['hooks.example.com'] }],
  })

const storedSecret = z.object({
  name: z.string(),
  hosts: z.array(z.string()),
  status: z.enum(['created', 'replaced']),
})

const listSecrets = route({
  id: 'listSecrets',
  method: 'get',
  path: '/secrets',
  tag: 'secrets',
  summary: 'Lists the stored secrets: names and hosts, never values.',
  role: 'read',
  limited: 'refused',
  answers: { 200: listOf(secret, 'Every secret, by name.') },
}).handle(async (_, { secrets }) => ({
  status: 200,
  body: { items: (await secrets.list()).map(secretShape), next_cursor: null },
}))

const putSecret = route({
  id: 'putSecret',
  method: 'put',
  path: '/secrets/{name}',
  tag: 'secrets',
  summary: 'Stores a secret, in place of the one of its name.',
  description: 'Automations use it as `${NAME}`. No answer ever holds the value.',
  role: 'write',
  limited: 'refused',
  body: secretValue,
  body_checked_by: 'handler',
  answers: { 200: storedSecret.describe('It was replaced.'), 201: storedSecret.describe('It is new.') },
  problems: {
    bad_secret: [422, 'The name, the value or the hosts cannot be used.'],
    secrets_key_missing: [409, 'There is no key to encrypt it with.'],
    other_secrets_key: [409, 'Other secrets are stored under a key that this process does not have.'],
    too_many_secrets: [409, 'There are 1000 already.'],
  },
}).handle(async (input, { secrets, audit }) => {
  const { name = '' } = input.path
  const given = readSecret(name, input.request.body)
  if ('message' in given) throw new ApiProblem(422, 'bad_secret', `${given.message}. ${given.fix}`)
  const outcome = await secrets.put({ name, ...given })
  audit.did(input, 'put secret', { id: name, hosts: given.hosts, outcome })
  const refused = REFUSED.get(outcome)
  if (refused !== undefined) throw new ApiProblem(409, ...refused)
  const body = { name, hosts: given.hosts, status: outcome as 'created' | 'replaced' }
  return { status: outcome === 'created' ? 201 : 200, body }
})

const deleteSecret = route({
  id: 'deleteSecret',
  method: 'delete',
  path: '/secrets/{name}',
  tag: 'secrets',
  summary: 'Deletes a secret. Deliveries that need it wait until it is stored again.',
  role: 'write',
  limited: 'refused',
  answers: { 204: null },
  problems: { secret_not_found: [404, 'There is no secret of this name.'] },
}).handle(async (input, { secrets, audit }) => {
  const { name = '' } = input.path
  const deleted = NAME.test(name) && (await secrets.delete(name))
  audit.did(input, 'delete secret', { id: name, outcome: deleted ? 'deleted' : 'not_found' })
  if (deleted) return { status: 204, body: null }
  throw new ApiProblem(404, 'secret_not_found', `There is no secret "${name}".`)
})

/** The routes of stored secrets. */
export const SECRET_ROUTES: readonly Route[] = [listSecrets, putSecret, deleteSecret]

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
  return {
    name,
    hosts: [...hosts],
    created_at: timeText(created_at),
    updated_at: timeText(updated_at),
    last_used_at: timeOrNull(last_used_at),
  }
}
