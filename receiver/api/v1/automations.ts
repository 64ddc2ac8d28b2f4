import { automationSchema, type TypeTables } from '../../config/schema.ts'
import type { Expected } from '../../store/management-records.ts'
import type { ApiContext } from '../context.ts'
import { BadQuery } from '../params.ts'
import type { Principal } from '../principal.ts'
import { ApiProblem } from '../problem.ts'
import { route, type Input, type NoParams, type Route } from '../route.ts'
import { automationShape, fileAutomations, shownAutomation } from './automation-shape.ts'
import { refuseWrite } from './automation-refusals.ts'
import { listOf } from './schemas.ts'

const IF_MATCH = { 'If-Match': 'The ETag that was read: 412 where somebody has changed it since.' }
const ETAG = { ETag: 'What `If-Match` takes.' }
const EXAMPLE = {
  name: 'deploy-production',
  events: ['ADD_ARTIFACT_ALIAS'],
  filter: { alias: 'production' },
  destinations: [{ type: 'repository_dispatch', repository: 'acme/serving' }],
}
const NOT_FOUND = {
  automation_not_found: [404, 'There is no automation of this name, or the token may not see it.'],
} as const
const WRITE_PROBLEMS = {
  automation_in_file: [409, 'The configuration file has it: `file` and `line` say where.'],
  automation_changed: [412, 'Somebody has changed it since it was read.'],
  automation_invalid: [422, 'It has mistakes: `problems` lists every one with its key and its fix.'],
  too_many_automations: [409, 'There are 1000 already.'],
  automation_outside_token: [403, 'The name is outside the globs that the token is limited to.'],
} as const

const listAutomations = route({
  id: 'listAutomations',
  method: 'get',
  path: '/automations',
  tag: 'automations',
  summary: 'Lists every automation, of the files and of the store, by name.',
  role: 'read',
  limited: 'own',
  answers: { 200: listOf(shownAutomation, 'Every automation.') },
}).handle(async ({ principal }, context) => {
  const items = (await allOf(context)).filter(({ name }) => principal.sees(name))
  return { status: 200, body: { items, next_cursor: null } }
})

const getAutomation = route({
  id: 'getAutomation',
  method: 'get',
  path: '/automations/{name}',
  tag: 'automations',
  summary: 'Returns one automation, with its ETag.',
  role: 'read',
  limited: 'own',
  answers: { 200: shownAutomation },
  answer_headers: ETAG,
  problems: NOT_FOUND,
}).handle(async ({ path: { name = '' }, principal }, context) => {
  const body = await find(context, name, principal)
  return { status: 200, body, headers: { ETag: body.etag } }
})

/** Returns the routes of automations; their bodies take the destinations that there are. */
export function automationRoutes({ destinations }: TypeTables): readonly Route[] {
  const whole = automationSchema(destinations).meta({ id: 'AutomationInput', examples: [EXAMPLE] })
  return [
    listAutomations,
    createRoute(whole),
    getAutomation,
    putRoute(whole),
    patchRoute(whole),
    deleteAutomation,
  ]
}

type Whole = ReturnType<typeof automationSchema>

const createRoute = (whole: Whole) =>
  route({
    id: 'createAutomation',
    method: 'post',
    path: '/automations',
    tag: 'automations',
    summary: 'Creates an automation. The next event on every replica sees it.',
    role: 'write',
    limited: 'own',
    body: whole,
    body_checked_by: 'handler',
    answers: { 201: shownAutomation.describe('It is in force.') },
    answer_headers: { ...ETAG, Location: 'Where it is.' },
    problems: { ...WRITE_PROBLEMS, automation_exists: [409, 'There is one of this name.'] },
  }).handle(async (input, context) => {
    const given = objectOf(input.request.body)
    const name = typeof given['name'] === 'string' ? given['name'] : ''
    const body = await write(input, context, { name, given, expected: 'absent', action: 'create automation' })
    return { status: 201, body, headers: { ETag: body.etag, Location: locationOf(name) } }
  })

const putRoute = (whole: Whole) =>
  route({
    id: 'putAutomation',
    method: 'put',
    path: '/automations/{name}',
    tag: 'automations',
    summary: 'Creates an automation, or writes it anew. The same again changes nothing more.',
    role: 'write',
    limited: 'own',
    headers: { ...IF_MATCH, 'If-None-Match': '* creates only: 412 where there is one.' },
    body: whole,
    body_checked_by: 'handler',
    answers: {
      200: shownAutomation.describe('It was replaced.'),
      201: shownAutomation.describe('It is new.'),
    },
    answer_headers: ETAG,
    problems: WRITE_PROBLEMS,
  }).handle(async (input, context) => {
    const { name = '' } = input.path
    const given = named(name, objectOf(input.request.body))
    const was = await context.automations.get(name)
    const body = await write(input, context, {
      ...{ name, given, expected: expectedOf(input, 'anything') },
      action: was === null ? 'create automation' : 'update automation',
    })
    return { status: was === null ? 201 : 200, body, headers: { ETag: body.etag } }
  })

const patchRoute = (whole: Whole) =>
  route({
    id: 'patchAutomation',
    method: 'patch',
    path: '/automations/{name}',
    tag: 'automations',
    summary: 'Changes some keys of an automation; null takes a key away.',
    role: 'write',
    limited: 'own',
    headers: IF_MATCH,
    body: whole.partial().meta({ id: 'AutomationPatch', examples: [{ status: 'disabled' }] }),
    body_checked_by: 'handler',
    answers: { 200: shownAutomation.describe('It is in force.') },
    answer_headers: ETAG,
    problems: { ...NOT_FOUND, ...WRITE_PROBLEMS },
  }).handle(async (input, context) => {
    const { name = '' } = input.path
    const was = await find(context, name, input.principal)
    const stored = await context.automations.get(name)
    if (stored === null) throw refuseWrite({ outcome: 'in_file', file: was.file ?? '', line: was.line }, name)
    const patch = named(name, objectOf(input.request.body))
    const merged = Object.entries({ ...(stored.input as object), ...patch }).filter(
      ([, value]) => value !== null,
    )
    const body = await write(input, context, {
      ...{ name, given: Object.fromEntries(merged), action: 'update automation' },
      // The version that was read here is the one that is changed: without If-Match, too, no other edit is lost.
      expected: expectedOf(input, { version: stored.version }),
    })
    return { status: 200, body, headers: { ETag: body.etag } }
  })

const deleteAutomation = route({
  id: 'deleteAutomation',
  method: 'delete',
  path: '/automations/{name}',
  tag: 'automations',
  summary: 'Deletes an automation. Deliveries that were accepted under it go on.',
  role: 'write',
  limited: 'own',
  headers: IF_MATCH,
  answers: { 204: null },
  problems: { ...NOT_FOUND, ...WRITE_PROBLEMS },
}).handle(async (input, context) => {
  const { name = '' } = input.path
  const before = await find(context, name, input.principal)
  const done = await context.automations.delete(name, expectedOf(input, 'present'))
  context.audit.did(input, 'delete automation', { id: name, automation: name, outcome: done.outcome, before })
  if (done.outcome !== 'deleted') throw refuseWrite(done, name)
  return { status: 204, body: null }
})

/** A change that is to be made. */
interface Change {
  name: string
  given: Record<string, unknown>
  expected: Expected
  action: 'create automation' | 'update automation'
}

/** Writes an automation and notes who did, with what it was before and is now. */
async function write(
  input: Pick<Input<NoParams, unknown>, 'principal' | 'request'>,
  context: ApiContext,
  { name, given, expected, action }: Change,
) {
  const { automations, audit } = context
  const { principal } = input
  if (!principal.sees(name))
    throw new ApiProblem(
      403,
      'automation_outside_token',
      `The token "${principal.name}" is not for "${name}".`,
    )
  const before = (await allOf(context)).find((one) => one.name === name) ?? null
  const done = await automations.put(name, given, { expected, by: principal.name })
  const is_in_force = done.outcome === 'created' || done.outcome === 'replaced'
  const after = is_in_force ? await find(context, name, principal) : null
  audit.did(input, action, { id: name, automation: name, outcome: done.outcome, before, after })
  if (after === null) throw refuseWrite(done, name, expected)
  return after
}

/** Returns every automation, by name. */
async function allOf(context: ApiContext) {
  const stored = await context.automations.list()
  const runtime = context.runtime()
  const revisions = new Map(runtime.automations.map(({ spec, revision }) => [spec.name, revision]))
  const shown = stored.map((one) => {
    const problem = runtime.stored.refused.get(one.name) ?? null
    return automationShape(one, {
      problem,
      revision: problem === null ? (revisions.get(one.name) ?? null) : null,
    })
  })
  const all = [...fileAutomations(runtime), ...shown]
  return all.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

async function find(context: ApiContext, name: string, principal: Principal) {
  const found = (await allOf(context)).find((one) => one.name === name)
  if (found === undefined || !principal.sees(name))
    throw new ApiProblem(404, 'automation_not_found', `There is no automation "${name}".`)
  return found
}

const locationOf = (name: string) => `/api/v1/automations/${encodeURIComponent(name)}`

function objectOf(body: unknown): Record<string, unknown> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body))
    return body as Record<string, unknown>
  throw new BadQuery('The body must be one JSON object, like {"name": "deploy", "events": ["*"], …}.')
}

/** The name stands in the path; in the body it may be repeated, and not differ. */
function named(name: string, given: Record<string, unknown>): Record<string, unknown> {
  const { name: other = name } = given
  if (other === name) return { ...given, name }
  throw new BadQuery('name is another one in the body than in the path: an automation cannot be renamed.')
}

/** Returns what the request's conditions expect to be there. */
function expectedOf({ request }: Pick<Input<NoParams, unknown>, 'request'>, without: Expected): Expected {
  if (request.get('if-none-match') === '*') return 'absent'
  const match = request.get('if-match')
  if (match === undefined) return without
  if (match === '*') return 'present'
  const [, version] = /^"v(\d{1,15})"$/.exec(match) ?? []
  // Another tag is that of no version.
  return { version: version === undefined ? -1 : Number(version) }
}
