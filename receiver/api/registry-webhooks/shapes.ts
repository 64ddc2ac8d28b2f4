import type { TestedDestination } from '../../trials/test.ts'
import { RegistryError } from './errors.ts'
import type { WebhookForm } from './form.ts'
import type { StoredWebhook } from './webhooks.ts'

/** Returns a webhook as Databricks shows it. No secret is in it. */
export function webhookShape({ form, written }: StoredWebhook): Record<string, unknown> {
  const { id, status, events, description, model_name, target } = form
  return {
    id,
    creation_timestamp: written.created_at,
    last_updated_timestamp: written.updated_at,
    status,
    events,
    ...(description === null ? {} : { description }),
    ...(model_name === null ? {} : { model_name }),
    [target.kind === 'http' ? 'http_url_spec' : 'job_spec']: addressOf(target),
  }
}

/** Returns where a webhook sends to, without its secrets. */
const addressOf = (target: WebhookForm['target']) =>
  target.kind === 'http'
    ? { url: target.url, enable_ssl_verification: target.enable_ssl_verification }
    : { job_id: target.job_id, workspace_url: target.workspace_url }

/**
 * Returns what the endpoint answered, in the three forms that clients of different ages read.
 *
 * @throws RegistryError where there was no answer.
 */
export function testShape({ error, permission, result }: TestedDestination): Record<string, unknown> {
  if (error !== null) throw new RegistryError('BAD_REQUEST', `${error.message} ${error.fix}`.trim())
  if (result !== null && result.status !== null) return answered(result.status, result.body ?? '')
  if (result !== null) throw new RegistryError('BAD_REQUEST', `${result.message} ${result.fix}`.trim())
  if (permission === null || permission.status === null || permission.allowed === false)
    throw new RegistryError('BAD_REQUEST', `${permission?.message ?? ''} ${permission?.fix ?? ''}`.trim())
  return answered(permission.status, `${permission.message} ${NOT_STARTED}`)
}

const NOT_STARTED = 'The job was not started: add "send": true to the request to start it.'

function answered(status_code: number, body: string): Record<string, unknown> {
  return { status: status_code, status_code, body, webhook: { status_code, body } }
}

/** Returns what the audit log says of a webhook: where it sends to, and no secret. */
export function auditedShape({ form }: StoredWebhook): Record<string, unknown> {
  const { status, events, description, model_name, target } = form
  return { status, events, description, model_name, ...addressOf(target) }
}
