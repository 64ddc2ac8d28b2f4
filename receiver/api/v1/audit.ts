import { z } from 'zod'
import { parse } from '../../store/json-text.ts'
import { route, type Route } from '../route.ts'
import { PAGE, pageOf, textParam, timeOf, timeParam } from './params.ts'
import { listOf, time } from './schemas.ts'
import { scopeOf } from './scope.ts'
import { time as timeText } from './shapes.ts'

const entry = z
  .object({
    id: z.string(),
    at: time,
    actor: z.string().describe('The name of the token; empty where none was valid.'),
    address: z.string().nullable(),
    action: z.string(),
    target: z
      .string()
      .nullable()
      .describe('What it was done to: an id, or the name of an automation, secret or lane.'),
    automation: z.string().nullable(),
    details: z.looseObject({}).describe('The outcome, and before and after without secrets.'),
  })
  .meta({ id: 'AuditEntry' })

const listAudit = route({
  id: 'listAudit',
  method: 'get',
  path: '/audit',
  tag: 'audit',
  summary: 'Lists who did what, newest first.',
  role: 'read',
  limited: 'own',
  params: {
    actor: textParam('The name of a token.'),
    action: textParam('What was done, such as update automation.'),
    target: textParam('What it was done to.'),
    since: timeParam('At this time or later.'),
    until: timeParam('Before this time.'),
    ...PAGE,
  },
  answers: { 200: listOf(entry, 'A page of the audit log.') },
}).handle(async ({ params, principal }, { store }) => {
  const { since, until, limit, cursor, ...filters } = params
  const bounds = { since: timeOf(since), until: timeOf(until), ...pageOf({ limit, cursor }) }
  const page = await store.listAudit({ ...filters, ...bounds, ...(await scopeOf(principal, store)) })
  const items = page.items.map(({ seq, at, details, ...rest }) => ({
    id: String(seq),
    at: timeText(at),
    ...rest,
    details: parse(details) as Record<string, unknown>,
  }))
  return { status: 200, body: { items, next_cursor: page.next_cursor } }
})

/** The routes of the audit log. */
export const AUDIT_ROUTES: readonly Route[] = [listAudit]
