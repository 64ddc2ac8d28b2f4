import { z } from 'zod'
import { VERSION } from '../observe/version.ts'
import { takesBoth } from './params.ts'
import type { Route } from './route.ts'
import { SESSION_COOKIE } from './session.ts'

type Json = Record<string, unknown>

/** Problems that every route may answer with, by status. */
const COMMON: Readonly<Record<number, string>> = {
  400: '`bad_query`: a parameter is unknown or cannot be; `bad_request`: the path or the body cannot be read.',
  401: '`unauthorized`: no token, or one that is not known.',
  403: '`read_only_token`, `limited_token`: the token may not do this.',
  404: '`api_off`: no token is configured.',
  415: '`unsupported_media_type`: the body is not sent as JSON.',
  413: '`bad_request`: the body is too large.',
  429: '`too_many_failures`: the token is wrong, and its address has sent too many wrong ones.',
  503: '`store_unavailable`, `backlog_full`: try again after `Retry-After`.',
}

/** The statuses among them that a route without a token may answer with. */
const COMMON_OPEN: readonly string[] = ['400', '413', '415']

/** Returns the OpenAPI 3.1 document of these routes; shipped as `schemas/openapi.json`, and served with the receiver's address. */
export function openApiDocument(routes: readonly Route[], public_url: string | null = null): Json {
  const components = new Map<string, unknown>([['Problem', PROBLEM]])
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    const path = `/api/v1${route.path}`
    paths[path] = { ...paths[path], [route.method]: operation(route, components) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Model Dispatch management API',
      version: VERSION,
      description: 'Events, deliveries and automations of a Model Dispatch receiver.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [
      ...(public_url === null ? [] : [{ url: public_url, description: 'PUBLIC_URL.' }]),
      { url: '/', description: 'The receiver that serves this document.' },
    ],
    security: [{ token: [] }, { session: [] }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({
      name,
      description: TAGS[name] ?? name,
    })),
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'ADMIN_TOKEN, or one of admin.tokens.' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: SESSION_COOKIE,
          description:
            'For the dashboard: `signIn` sets it. Changes need the header Sec-Fetch-Site or Origin of its page.',
        },
      },
      schemas: Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  }
}

/** The topic of each group of routes. */
const TAGS: Readonly<Record<string, string>> = {
  audit: 'Who did what.',
  automations: 'Rules: which events go where.',
  configuration: 'Whether the files are in force.',
  deliveries: 'One event on its way to one destination.',
  events: 'Changes in a model registry that were accepted.',
  lanes: 'What one limit counts together: its pace and its pause.',
  overview: 'The last 24 hours, and what needs a person.',
  secrets: 'Named secrets for automations.',
  session: 'Who is asking: signing in and out.',
  sources: 'Who may send.',
  stream: 'What changes, as it changes.',
  subjects: 'What became of one model and alias.',
  trials: 'What would happen: explanations and tests.',
}

type Components = Map<string, unknown>

function operation(route: Route, components: Components): Json {
  const { id, tag, summary, description, params = {}, body, role, limited } = route
  const unlimited = limited === 'refused' ? ' that is not limited to automations' : ''
  const needs = role === null ? 'Needs no token.' : `Needs a token with the role ${role}${unlimited}.`
  const content = bodyOf(route, components)
  const parameters = [
    ...[...route.path.matchAll(/(\w+)\/\{(\w+)\}/g)].map(([, group, name]) => pathParameter(group, name)),
    ...Object.entries(params).map(([name, schema]) => parameter(name, schema, components)),
    ...Object.entries(route.headers ?? {}).map(([name, text]) => headerParameter(name, text)),
  ]
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: description === undefined ? needs : `${description}\n\n${needs}`,
    ...(role === null ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(content === null ? {} : { requestBody: { required: body !== undefined, content } }),
    responses: { ...answersOf(route, components), ...problemsOf(route) },
  }
}

/** The names in the braces of a path, by the part before them. */
const PATH_PARTS: Readonly<Record<string, string>> = {
  automations: 'The name of the automation.',
  deliveries: 'The id of the delivery: dlv_…',
  events: 'The id of the event: evt_…',
  lanes: 'The `lane`, as the list of lanes has it.',
  secrets: 'The name of the secret, such as SLACK_URL.',
  subjects: 'The name of the model, in full.',
}

const pathParameter = (group = '', name = '') => ({
  ...{ name, in: 'path', required: true, description: PATH_PARTS[group] },
  schema: { type: 'string' },
})

const headerParameter = (name: string, description: string) => ({
  ...{ name, in: 'header', required: false, description },
  schema: { type: 'string' },
})

function parameter(name: string, schema: z.ZodType, components: Components): Json {
  const { description, ...json } = jsonSchema(schema, 'output', components)
  const required = !schema.safeParse(undefined).success
  return { name, in: 'query', required, description, schema: json }
}

function bodyOf(route: Route, components: Components): Json | null {
  const { body, params = {} } = route
  if (body !== undefined) return { 'application/json': { schema: jsonSchema(body, 'input', components) } }
  if (!takesBoth(route) || Object.keys(params).length === 0) return null
  const schema = jsonSchema(z.strictObject(params), 'output', components)
  return { 'application/json': { schema } }
}

function answersOf(route: Route, components: Components): Json {
  const { answers, produces = 'application/json', answer_headers } = route
  const shown = Object.entries(answer_headers ?? {}).map(([name, description]) => [
    name,
    { description, schema: { type: 'string' } },
  ])
  const headers = shown.length === 0 ? {} : { headers: Object.fromEntries(shown) as Json }
  const entries = Object.entries(answers).map(([status, schema]) => {
    if (schema === null) return [status, { description: 'Done.', ...headers }]
    const { description = 'The answer.', ...json } = jsonSchema(schema, 'output', components)
    return [status, { description, ...headers, content: { [produces]: { schema: json } } }]
  })
  return Object.fromEntries(entries) as Json
}

function problemsOf({ problems = {}, role }: Route): Json {
  const common = Object.entries(COMMON).filter(([status]) => role !== null || COMMON_OPEN.includes(status))
  const texts = new Map(common.map(([status, text]) => [status, [text]]))
  for (const [code, [status, meaning]] of Object.entries(problems)) {
    const key = String(status)
    texts.set(key, [...(texts.get(key) ?? []), `\`${code}\`: ${meaning}`])
  }
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
  return Object.fromEntries(
    [...texts].map(([status, lines]) => {
      const headers = LATER.includes(status) ? { headers: { 'Retry-After': RETRY_AFTER } } : {}
      return [status, { description: lines.join(' '), ...headers, content }]
    }),
  )
}

/** The statuses of what may be sent again later. */
const LATER: readonly string[] = ['429', '503']
const RETRY_AFTER = { description: 'The seconds to wait.', schema: { type: 'string' } }

/** Returns a schema as JSON Schema; what has a name of its own is put beside the others. */
function jsonSchema(schema: z.ZodType, io: 'input' | 'output', components: Components): Json {
  const made = z.toJSONSchema(schema, {
    io,
    override({ jsonSchema: json }) {
      if (json['secret'] !== undefined) delete json['secret']
      delete json['id']
    },
  })
  const { $schema: _, $defs = {}, ...rest } = moved(made) as Json & { $defs?: Json }
  for (const [name, definition] of Object.entries($defs)) components.set(nameOf(name), definition)
  return rest
}

/** The library names what has no name and refers to itself `__schema0`: here that is any JSON value. */
const nameOf = (name: string) => (name.startsWith('__schema') ? 'Json' : name)

function moved(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(moved)
  if (typeof json !== 'object' || json === null) return json
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => {
      if (key !== '$ref' || typeof value !== 'string') return [key, moved(value)]
      return [key, `#/components/schemas/${nameOf(value.replace('#/$defs/', ''))}`]
    }),
  )
}

const PROBLEM = {
  type: 'object',
  description: 'A problem of RFC 9457. `code` is stable; `detail` says what to do.',
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    detail: { type: 'string' },
  },
  required: ['type', 'title', 'status', 'code', 'detail'],
  examples: [
    {
      type: 'about:blank',
      title: 'bad query',
      status: 400,
      code: 'bad_query',
      detail: 'There is no parameter "modle". Did you mean model? These work: source, model, alias.',
    },
  ],
}
