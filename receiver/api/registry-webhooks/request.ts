import type { Request } from 'express'
import { z } from 'zod'
import { DATABRICKS_EVENTS } from '../../../src/contract/databricks/events.ts'
import { RegistryError } from './errors.ts'

const status = z
  .string()
  .transform((text) => text.toUpperCase())
  .pipe(z.enum(['ACTIVE', 'DISABLED', 'TEST_MODE'], { error: 'must be ACTIVE, TEST_MODE or DISABLED' }))

const shown = (input: unknown) => (typeof input === 'string' ? JSON.stringify(input.slice(0, 80)) : 'a value')

const eventName = z.enum(Object.keys(DATABRICKS_EVENTS), {
  error: ({ input }) => `${shown(input)} is not one of ${Object.keys(DATABRICKS_EVENTS).join(', ')}`,
})
const events = z.array(eventName).min(1, 'must name at least one event').max(50)

/** A text that is no template: what looks like one would be filled in. */
const plain = (most: number) =>
  z
    .string()
    .min(1, 'must not be empty')
    .max(most)
    .refine((text) => !text.includes('${'), 'must not hold ${')

const secretValue = z
  .string()
  .refine(
    (text) => text === '' || (text.length >= 8 && text.length <= 8_192),
    'must have 8 to 8192 characters',
  )

const http_url_spec = z.object({
  url: plain(4_096).refine((url) => URL.canParse(url) && url.startsWith('https://'), 'must be an https URL'),
  secret: secretValue.nullish(),
  authorization: secretValue.nullish(),
  enable_ssl_verification: z.boolean().nullish(),
})

const job_spec = z.object({
  job_id: z
    .union([z.string(), z.int()])
    .transform(String)
    .pipe(z.string().regex(/^[1-9]\d{0,18}$/, 'must be the number of a job')),
  access_token: secretValue.nullish(),
  workspace_url: plain(4_096).nullish(),
})

/** A webhook is for one model, or for all: the name is no pattern. */
const modelName = z
  .string()
  .max(500)
  .regex(/^[^*?]*$/, 'must not hold * or ?: leave it out for a webhook of all models')

const specs = { http_url_spec: http_url_spec.nullish(), job_spec: job_spec.nullish() }
const both = { description: z.string().max(2_000).nullish(), status: status.nullish(), ...specs }

/** The body of `create`. Fields that are not known are ignored, as Databricks does. */
export const createBody = z.object({ events, model_name: modelName.nullish(), ...both })

/** The body of `update`: what is absent stays as it is. */
export const updateBody = z.object({ id: plain(64), events: events.nullish(), ...both })

/** The object of `delete` and `test`. `send` is ours: a job is only started where it is true. */
export const idBody = z.object({ id: plain(64), event: eventName.nullish(), send: z.boolean().nullish() })

/** The most webhooks of one page. */
const MOST = 1_000

/** The filters of `list`; a query has every value as text. */
export const listQuery = z.object({
  model_name: z.string().nullish(),
  events: z.union([z.array(eventName), eventName.transform((name) => [name])]).nullish(),
  max_results: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .transform((n) => Math.min(n, MOST))
    .default(MOST),
  page_token: z.string().nullish(),
})

/** The webhook's address, as `create` and `update` take it. */
export type HttpUrlSpec = z.output<typeof http_url_spec>
/** The webhook's job, as `create` and `update` take it. */
export type JobSpec = z.output<typeof job_spec>
/** Where a request says that a webhook is to send. */
export type Specs = Pick<z.output<typeof createBody>, keyof typeof specs>

/**
 * Returns what a request says, from its query and its JSON body together, whatever its method and Content-Type.
 *
 * @throws RegistryError that names the field.
 */
export function readRequest<T>(request: Request, schema: z.ZodType<T>): T {
  const given = { ...definedIn(request.query), ...bodyOf(request) }
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = issue?.path.join('.') ?? ''
  const missing =
    issue?.code === 'invalid_type' && issue.input === undefined ? 'is missing or has the wrong form' : null
  throw new RegistryError(
    'INVALID_PARAMETER_VALUE',
    `${field}: ${missing ?? issue?.message ?? 'cannot be used'}.`,
  )
}

/** Empty values of a query are absent: `?page_token=`. */
function definedIn(query: Request['query']): Record<string, unknown> {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''))
}

function bodyOf({ body }: Request): object {
  const text = Buffer.isBuffer(body) ? body.toString('utf8').trim() : ''
  if (text === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    throw new RegistryError('BAD_REQUEST', 'The body is not JSON.')
  }
  throw new RegistryError('BAD_REQUEST', 'The body is not a JSON object.')
}
