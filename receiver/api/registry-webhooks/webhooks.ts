import { randomBytes } from 'node:crypto'
import type { z } from 'zod'
import type { WrittenAutomation } from '../../runtime/stored-automations.ts'
import type { ApiContext } from '../context.ts'
import type { Principal } from '../principal.ts'
import { RegistryError } from './errors.ts'
import {
  automationFrom,
  automationOf,
  formIn,
  type HttpTarget,
  type JobTarget,
  type WebhookForm,
} from './form.ts'
import type { createBody, HttpUrlSpec, JobSpec, listQuery, updateBody } from './request.ts'
import { keepSecret } from './secrets.ts'

/** A registry webhook as it is stored. */
export interface StoredWebhook {
  form: WebhookForm
  written: WrittenAutomation
}

/** What is worked on, and who asks. */
export interface WebhookCall {
  context: ApiContext
  principal: Principal
}

/** Creates a webhook. @throws RegistryError */
export async function createWebhook(
  call: WebhookCall,
  given: z.output<typeof createBody>,
): Promise<StoredWebhook> {
  const id = randomBytes(16).toString('hex')
  checkSeen(call, id)
  const { events, description, model_name, status } = given
  const named = model_name === '' ? null : (model_name ?? null)
  checkEvents(events, named)
  const target = await targetFrom(call, { id, given, current: null })
  if (target === null)
    throw new RegistryError(
      'INVALID_PARAMETER_VALUE',
      'Give either http_url_spec or job_spec: one of them is needed.',
    )
  const form: WebhookForm = {
    id,
    status: status ?? 'ACTIVE',
    events,
    description: description ?? null,
    model_name: named,
    target,
  }
  await write(call, form, 'absent')
  return await webhookOf(call, id)
}

/** Changes what is given of a webhook. @throws RegistryError */
export async function updateWebhook(
  call: WebhookCall,
  given: z.output<typeof updateBody>,
): Promise<{ before: StoredWebhook; after: StoredWebhook }> {
  const before = await webhookOf(call, given.id)
  const { form, written } = before
  const events = given.events ?? form.events
  checkEvents(events, form.model_name)
  const target = await targetFrom(call, { id: form.id, given, current: form.target })
  const next: WebhookForm = {
    ...form,
    events,
    description: given.description ?? form.description,
    status: given.status ?? form.status,
    target: target ?? form.target,
  }
  await write(call, next, { version: written.version })
  return { before, after: await webhookOf(call, form.id) }
}

/** Deletes a webhook; deliveries that were accepted for it go on. @throws RegistryError */
export async function deleteWebhook(call: WebhookCall, id: string): Promise<StoredWebhook> {
  const webhook = await webhookOf(call, id)
  await call.context.automations.delete(automationOf(webhook.form.id), 'anything')
  return webhook
}

/** Returns a webhook. @throws RegistryError where there is none of this id that the token may see. */
export async function webhookOf({ context, principal }: WebhookCall, id: string): Promise<StoredWebhook> {
  const name = automationOf(id)
  const written = principal.sees(name) ? await context.automations.get(name) : null
  const form = written === null ? null : formIn(name, written.input)
  if (written !== null && form !== null) return { form, written }
  const why =
    written === null
      ? ''
      : ` Its automation was edited beyond what a registry webhook can say: /api/v1/automations/${name} has it.`
  throw new RegistryError('RESOURCE_DOES_NOT_EXIST', `Registry webhook with ID '${id}' does not exist.${why}`)
}

/** Returns one page of the webhooks that the token may see, oldest first. @throws RegistryError */
export async function listWebhooks(
  { context, principal }: WebhookCall,
  { model_name, events, max_results, page_token }: z.output<typeof listQuery>,
): Promise<{ webhooks: StoredWebhook[]; next_page_token: string | null }> {
  const after = page_token == null ? '' : readToken(page_token)
  const all = (await context.automations.list()).flatMap((written): StoredWebhook[] => {
    const form = principal.sees(written.name) ? formIn(written.name, written.input) : null
    return form === null ? [] : [{ form, written }]
  })
  const wanted = all
    .filter(({ form }) => model_name == null || form.model_name === model_name)
    .filter(({ form }) => events == null || events.some((event) => form.events.includes(event)))
    .filter((webhook) => keyOf(webhook) > after)
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  const webhooks = wanted.slice(0, max_results)
  const last = webhooks.at(-1)
  const more = wanted.length > webhooks.length && last !== undefined
  return { webhooks, next_page_token: more ? Buffer.from(keyOf(last)).toString('base64url') : null }
}

/** Where a webhook stands in the list. */
const keyOf = ({ form, written }: StoredWebhook) =>
  `${String(written.created_at).padStart(16, '0')}.${form.id}`

function readToken(token: string): string {
  const key = Buffer.from(token, 'base64url').toString()
  if (/^\d{16}\.[\w-]+$/.test(key)) return key
  throw new RegistryError(
    'INVALID_PARAMETER_VALUE',
    'page_token: must be the next_page_token of an earlier page.',
  )
}

/** @throws RegistryError for a token that is limited to other automations. */
function checkSeen({ principal }: WebhookCall, id: string): void {
  if (principal.sees(automationOf(id))) return
  throw new RegistryError(
    'PERMISSION_DENIED',
    `The token "${principal.name}" is limited to other automations: registry webhooks are called registry-webhook-<id>.`,
  )
}

function checkEvents(events: readonly string[], model_name: string | null): void {
  if (model_name === null || !events.includes('REGISTERED_MODEL_CREATED')) return
  throw new RegistryError(
    'INVALID_PARAMETER_VALUE',
    'events: REGISTERED_MODEL_CREATED is for registry-wide webhooks alone. Leave out model_name, or the event.',
  )
}

interface Wish {
  id: string
  given: { http_url_spec?: HttpUrlSpec | null | undefined; job_spec?: JobSpec | null | undefined }
  current: WebhookForm['target'] | null
}

/** Returns where the webhook is to send, its secrets stored; null where the request does not say. */
async function targetFrom(call: WebhookCall, wish: Wish): Promise<HttpTarget | JobTarget | null> {
  const { http_url_spec: http, job_spec: job } = wish.given
  if (http != null && job != null)
    throw new RegistryError('INVALID_PARAMETER_VALUE', 'Give either http_url_spec or job_spec, not both.')
  if (http != null) return await httpTarget(call, wish.id, http)
  return job == null ? null : await jobTarget(call, wish, job)
}

async function httpTarget({ context }: WebhookCall, id: string, spec: HttpUrlSpec): Promise<HttpTarget> {
  const { url, enable_ssl_verification } = spec
  const keep = async (key: 'secret' | 'authorization') =>
    spec[key] ? await keepSecret(context, { id, key, url }, spec[key]) : null
  return {
    kind: 'http',
    url,
    enable_ssl_verification: enable_ssl_verification ?? true,
    secret: await keep('secret'),
    authorization: await keep('authorization'),
  }
}

async function jobTarget({ context }: WebhookCall, { id, current }: Wish, spec: JobSpec): Promise<JobTarget> {
  const before = current?.kind === 'job' ? current : null
  const workspace_url = spec.workspace_url ?? before?.workspace_url
  if (workspace_url === undefined || !URL.canParse(workspace_url))
    throw new RegistryError(
      'INVALID_PARAMETER_VALUE',
      "job_spec.workspace_url: is needed here, since the receiver is in no workspace: https://HOST of the job's one.",
    )
  if (!spec.access_token)
    throw new RegistryError('INVALID_PARAMETER_VALUE', 'job_spec.access_token: is needed to start the job.')
  const access_token = await keepSecret(
    context,
    { id, key: 'access_token', url: workspace_url },
    spec.access_token,
  )
  const parameters = before?.parameters ?? 'notebook'
  return { kind: 'job', job_id: spec.job_id, workspace_url, access_token, parameters }
}

async function write(
  { context, principal }: WebhookCall,
  form: WebhookForm,
  expected: 'absent' | { version: number },
): Promise<void> {
  const written = await context.automations.put(automationOf(form.id), automationFrom(form), {
    expected,
    by: principal.name,
  })
  if (written.outcome === 'created' || written.outcome === 'replaced') return
  if (written.outcome === 'invalid') {
    const [first] = written.problems
    throw new RegistryError(
      'INVALID_PARAMETER_VALUE',
      `${fieldOf(first?.key ?? '')}: ${first?.message ?? 'cannot be used'}. ${first?.fix ?? ''}`,
    )
  }
  if (written.outcome === 'too_many')
    throw new RegistryError(
      'BAD_REQUEST',
      'There are too many automations already. Delete those that are not used.',
    )
  throw new RegistryError(
    'RESOURCE_CONFLICT',
    'Another request has changed this webhook meanwhile. Send this one again.',
  )
}

/** Returns the field of a webhook that a key of its automation stands for. */
function fieldOf(key: string): string {
  if (key.endsWith('workspace_url') || key.endsWith('job_id'))
    return `job_spec.${key.split('.').at(-1) ?? ''}`
  if (key.startsWith('destinations')) return `http_url_spec.${key.split('.').at(-1) ?? ''}`
  return key.startsWith('filter') ? 'model_name' : key
}
