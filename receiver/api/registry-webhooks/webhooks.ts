import { randomBytes } from 'node:crypto'
import type { z } from 'zod'
import type { WrittenAutomation } from '../../runtime/stored-automations.ts'
import type { Expected } from '../../store/management-records.ts'
import type { ApiContext } from '../context.ts'
import type { Principal } from '../principal.ts'
import { invalid, RegistryError } from './errors.ts'
import { automationFrom, automationOf, formIn, type WebhookForm } from './form.ts'
import type { createBody, listQuery, Specs, updateBody } from './request.ts'
import { withSecrets } from './secrets.ts'
import { targetFrom } from './target.ts'

/** A registry webhook as it is stored. */
export interface StoredWebhook {
  form: WebhookForm
  written: WrittenAutomation
}

/** The object of a call, and its caller. */
export interface WebhookCall {
  context: ApiContext
  principal: Principal
}

/** Creates a webhook. @throws RegistryError */
export async function createWebhook(
  call: WebhookCall,
  given: z.output<typeof createBody>,
): Promise<StoredWebhook> {
  const { events, description, model_name, status } = given
  const id = randomBytes(16).toString('hex')
  if (!call.principal.sees(automationOf(id)))
    throw new RegistryError(
      'PERMISSION_DENIED',
      `The token "${call.principal.name}" is limited to other automations: registry webhooks are called registry-webhook-<id>.`,
    )
  const form = {
    ...{ id, events, status: status ?? 'ACTIVE', description: description ?? null, target: null },
    model_name: model_name == null || model_name === '' ? null : model_name,
  }
  return await save(call, { form, specs: given, expected: 'absent' })
}

/** Changes what is given of a webhook. @throws RegistryError */
export async function updateWebhook(
  call: WebhookCall,
  given: z.output<typeof updateBody>,
): Promise<{ before: StoredWebhook; after: StoredWebhook }> {
  const before = await webhookOf(call, given.id)
  const { form, written } = before
  const next = {
    ...form,
    events: given.events ?? form.events,
    description: given.description ?? form.description,
    status: given.status ?? form.status,
  }
  const after = await save(call, { form: next, specs: given, expected: { version: written.version } })
  return { before, after }
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
  throw invalid('page_token', 'must be the next_page_token of an earlier page.')
}

interface Wish {
  /** The target: where it sends to now; null for a new one. */
  form: Omit<WebhookForm, 'target'> & { target: WebhookForm['target'] | null }
  specs: Specs
  expected: Expected
}

/** Writes a webhook with the secrets that it is given. @throws RegistryError, and has kept none of them */
async function save(call: WebhookCall, { form, specs, expected }: Wish): Promise<StoredWebhook> {
  if (form.model_name !== null && form.events.includes('REGISTERED_MODEL_CREATED'))
    throw invalid(
      'events',
      'REGISTERED_MODEL_CREATED is for registry-wide webhooks alone. Leave out model_name, or the event.',
    )
  await withSecrets(call.context, form.id, async (keep) => {
    const target = await targetFrom(specs, form.target, keep)
    const { name: by } = call.principal
    const automation = automationFrom({ ...form, target })
    const written = await call.context.automations.put(automationOf(form.id), automation, { expected, by })
    if (written.outcome !== 'created' && written.outcome !== 'replaced') throw refusalOf(written)
  })
  return await webhookOf(call, form.id)
}

type Written = Awaited<ReturnType<ApiContext['automations']['put']>>

function refusalOf(written: Written): RegistryError {
  if (written.outcome === 'invalid') {
    const { key = '', message = 'cannot be used', fix = '' } = written.problems[0] ?? {}
    return invalid(fieldOf(key), `${message}. ${fix}`)
  }
  if (written.outcome === 'too_many')
    return new RegistryError(
      'BAD_REQUEST',
      'There are too many automations already. Delete those that are not used.',
    )
  return new RegistryError(
    'RESOURCE_CONFLICT',
    'Another request has changed this webhook meanwhile. Send this one again.',
  )
}

/** Returns the field of a webhook that a key of its automation stands for. */
function fieldOf(key: string): string {
  const last = key.split('.').at(-1) ?? ''
  if (last === 'workspace_url' || last === 'job_id') return `job_spec.${last}`
  if (key.startsWith('destinations')) return `http_url_spec.${last}`
  return key.startsWith('filter') ? 'model_name' : key
}
