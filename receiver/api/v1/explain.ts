import { z } from 'zod'
import type { Json } from '../../../src/contract/model-event.ts'
import { NotAnEvent } from '../../ingest/parse-json.ts'
import { compileAutomation } from '../../automations/compile.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { Source } from '../../runtime/sources.ts'
import {
  explainRequest,
  explainStored,
  verifyRequest,
  type Sees,
  type Verified,
} from '../../trials/explain.ts'
import type { ApiContext } from '../context.ts'
import type { Principal } from '../principal.ts'
import { ApiProblem } from '../problem.ts'
import { route, type Route } from '../route.ts'
import { refuseWrite } from './automation-refusals.ts'
import { ownRuntime, seesEvent } from './scope.ts'
import { explained } from './trial-schemas.ts'

/** The form of a request as it came off the wire. */
const recorded = z.strictObject({
  headers: z
    .record(z.string(), z.union([z.string(), z.array(z.string())]))
    .default({})
    .describe('Every header as it came; the case of the names does not matter.'),
  body: z.string().optional().describe('The body as text, byte for byte.'),
  body_base64: z.base64().optional().describe('The same bytes in base64, where they are no text.'),
  query: z.string().default('').describe('What stood behind the `?` of the URL.'),
  received_at: z.iso
    .datetime()
    .optional()
    .describe('When it came: signed times are compared with it. Default: now.'),
})

const asked = z
  .strictObject({
    event: z.string().optional().describe('The id of a stored event.'),
    automation: z
      .looseObject({})
      .optional()
      .describe(
        'An automation that is checked as when it is saved, and asked in place of all others. Without `event` it is only checked. Needs the role write.',
      ),
    source: z.string().optional().describe('The source that `body` or `request` is for.'),
    body: z.json().optional().describe('A body as the registry would send it. No signature is checked.'),
    type: z.string().optional().describe('With `body`: the event that `?event=` of the URL would state.'),
    request: recorded.optional().describe('A recorded request: its signature is checked on its bytes.'),
  })
  .meta({
    id: 'ExplainRequest',
    examples: [
      { event: 'evt_01a2216b49cf85853941c7475248c6' },
      { source: 'wandb', body: { event_type: 'ADD_ARTIFACT_ALIAS', alias: 'production' } },
    ],
  })

const verification = z
  .object({
    ok: z.boolean().describe('Whether the request would be let in.'),
    secret: z.int().nullable().optional().describe('Which of the `secrets` verified it, counted from 0.'),
    reason: z.string().nullable().describe('Why it would be refused, or what is odd about it.'),
  })
  .describe('Of a recorded request; else null.')

const explain = route({
  id: 'explain',
  method: 'post',
  path: '/explain',
  tag: 'trials',
  summary:
    'Explains what each automation makes of an event, and what would be sent. Nothing is stored or sent.',
  description:
    'Give one of three: `event` (a stored event), `source` with `body`, or `source` with `request` (headers and bytes as they came). `automation` alone is checked, and `events` is empty.',
  role: 'read',
  limited: 'own',
  body: asked,
  answers: {
    200: z
      .object({ verification: verification.nullable(), events: z.array(explained) })
      .describe('Each event of the body with its reasons and what would be sent; secrets masked.'),
  },
  problems: {
    event_not_found: [404, 'There is no such event.'],
    source_not_found: [404, 'There is no such source, or the token may not see it.'],
    source_gone: [409, 'The source that sent the event is no longer configured.'],
    automation_invalid: [422, 'The draft has mistakes: `problems` lists every one with its key and its fix.'],
    nothing_to_explain: [422, 'None or more than one of `event`, `body` and `request` is given.'],
    not_an_event: [422, 'The body cannot be read as an event.'],
  },
}).handle(async ({ body, principal }, context) => {
  const sees: Sees = (automation) => principal.sees(automation)
  await context.automations.refresh()
  const ways = [body.event, body.body, body.request].filter((way) => way !== undefined)
  if (ways.length === 0 && body.automation !== undefined) {
    await runtimeWith(context, body.automation, principal)
    return { status: 200, body: { verification: null, events: [] } }
  }
  if (ways.length !== 1)
    throw new ApiProblem(
      422,
      'nothing_to_explain',
      'Give one of `event`, `body` and `request`; `source` goes with the last two.',
    )
  if (body.event !== undefined) {
    const runtime = await runtimeWith(context, body.automation, principal)
    return { status: 200, body: await ofStored(context, { id: body.event, runtime, principal }) }
  }
  const runtime = ownRuntime(context.runtime(), principal)
  const source = sourceNamed(runtime, body.source)
  return { status: 200, body: ofRequest({ runtime, now: context.clock.wall() }, source, { ...body, sees }) }
})

/** The routes that explain. */
export const EXPLAIN_ROUTES: readonly Route[] = [explain]

/** The runtime in force, or one with this automation alone. */
async function runtimeWith(
  { runtime, automations }: ApiContext,
  draft: unknown,
  { name, role }: Principal,
): Promise<Runtime> {
  if (draft === undefined) return runtime()
  if (role !== 'write')
    throw new ApiProblem(
      403,
      'read_only_token',
      `The token "${name}" has the role read: trying a draft needs write.`,
    )
  const checked = await automations.check(draft)
  if (!checked.ok) throw refuseWrite({ outcome: 'invalid', problems: checked.problems }, '')
  return { ...runtime(), automations: [compileAutomation(checked.spec)] }
}

interface Stored {
  id: string
  runtime: Runtime
  principal: Principal
}

async function ofStored({ store, clock }: ApiContext, { id, runtime, principal }: Stored) {
  const stored = await store.getEvent({ id })
  const sees: Sees = (automation) => principal.sees(automation)
  if (stored === null || !seesEvent(stored, principal))
    throw new ApiProblem(404, 'event_not_found', `There is no event "${id}".`)
  const event = explainStored(runtime, stored, { now: clock.wall(), sees })
  if (event !== null) return { verification: null, events: [event] }
  const detail = `Its source "${stored.source}" is no longer configured. Configure it again.`
  throw new ApiProblem(409, 'source_gone', detail)
}

function sourceNamed({ sources }: Runtime, name: string | undefined): Source {
  const [only] = sources.size === 1 ? sources.values() : []
  const source = name === undefined ? only : sources.get(name)
  if (source !== undefined) return source
  const known = [...sources.keys()].join(', ')
  throw new ApiProblem(
    404,
    'source_not_found',
    `${name === undefined ? 'Name the `source`' : `There is no source "${name}"`}: ${known || 'none is configured that this token may see'}.`,
  )
}

interface Asked extends Omit<z.output<typeof asked>, 'body'> {
  body?: Json | undefined
  sees: Sees
}

function ofRequest(
  { runtime, now }: { runtime: Runtime; now: number },
  source: Source,
  { body, type, request, sees }: Asked,
) {
  const pasted = {
    body: Buffer.from(JSON.stringify(body ?? {})),
    headers: {},
    query: new URLSearchParams(type === undefined ? {} : { event: type }),
    now,
  }
  const webhook = request === undefined ? pasted : recordedRequest(request, now)
  const verified = request === undefined ? null : verifyRequest(runtime, source, webhook)
  try {
    const events = explainRequest(runtime, source, webhook, sees)
    return { verification: verified, events } satisfies { verification: Verified | null; events: unknown }
  } catch (error) {
    if (!(error instanceof NotAnEvent)) throw error
    const let_in =
      verified === null || verified.ok ? '' : ` It would not be let in either: ${verified.reason}.`
    throw new ApiProblem(422, 'not_an_event', `${error.message}${let_in}`)
  }
}

function recordedRequest(
  { headers, body, body_base64, query, received_at }: z.output<typeof recorded>,
  now: number,
) {
  const bytes = body_base64 === undefined ? Buffer.from(body ?? '') : Buffer.from(body_base64, 'base64')
  const named = Object.entries(headers).map(([name, value]) => [
    name.toLowerCase(),
    Array.isArray(value) ? value.join(', ') : value,
  ])
  return {
    body: bytes,
    headers: Object.fromEntries(named) as Record<string, string>,
    query: new URLSearchParams(query),
    now: received_at === undefined ? now : Date.parse(received_at),
  }
}
