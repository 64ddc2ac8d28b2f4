import type { AutomationSpec } from '../automations/automation.ts'
import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'
import { reasonOf } from '../observe/reason-of.ts'
import { jsonText, parse } from '../store/json-text.ts'
import type { Store } from '../store/store.ts'
import type { Attempt } from './attempt.ts'

/** The means to note triggers. */
export interface TriggerContext {
  store: Pick<Store, 'addAudit'>
  clock: Clock
  log: Log
}

/** The entry of a trigger in Databricks' audit log, for either kind of webhook. */
const NOTED = ['url', 'enable_ssl_verification', 'job_id', 'workspace_url'] as const

/**
 * Notes in the audit log that a registry webhook was triggered, as Databricks does: with its URL and
 * `enable_ssl_verification`, or with its job and workspace. Other attempts have their line in the log alone.
 */
export function noteTrigger({ store, clock, log }: TriggerContext, { claim, result }: Attempt): void {
  if (!claim.automation.startsWith('registry-webhook-')) return
  const settings = (parse(claim.spec) as AutomationSpec).destinations[claim.position]
  if (settings?.['registry_webhook'] == null) return
  const where = Object.fromEntries(NOTED.filter((key) => key in settings).map((key) => [key, settings[key]]))
  const { automation, id: delivery_id, event_id } = claim
  const { class: kind, status } = result
  const details = { delivery_id, event_id, ...where, class: kind, status }
  log.info({ action: 'trigger', automation, ...details }, 'registry webhook triggered')
  const entry = {
    ...{ at: clock.wall(), actor: 'model-dispatch', address: null, action: 'trigger' },
    ...{ target: automation, automation, details: jsonText<unknown>(details) },
  }
  store.addAudit({ entries: [entry] }).catch((error: unknown) => {
    log.error({ action: 'trigger', reason: reasonOf(error) }, 'an entry of the audit log could not be stored')
  })
}
