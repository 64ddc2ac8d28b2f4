import { canonicalJson } from '../../../src/contract/canonical-json.ts'
import { DATABRICKS_EVENTS, stageOfEvent } from '../../../src/contract/databricks/events.ts'
import type { Json, JsonObject } from '../../../src/contract/model-event.ts'

/** A registry webhook of Databricks, as far as it says what its automation does. */
export interface WebhookForm {
  id: string
  status: 'ACTIVE' | 'DISABLED' | 'TEST_MODE'
  /** In the order in which they were given. */
  events: readonly string[]
  description: string | null
  /** Null: registry-wide. */
  model_name: string | null
  target: HttpTarget | JobTarget
}

/** Where an HTTP registry webhook sends to. */
export interface HttpTarget {
  kind: 'http'
  url: string
  enable_ssl_verification: boolean
  /** The name of the stored secret that signs the bodies; null: none does. */
  secret: string | null
  /** The name of the stored value of the header `Authorization`; null: none is sent. */
  authorization: string | null
}

/** The job that a job registry webhook runs. */
export interface JobTarget {
  kind: 'job'
  job_id: string
  workspace_url: string
  /** The name of the stored token. */
  access_token: string
  /** How the event reaches the job: `parameters` of the destination `databricks_job`. */
  parameters: string
}

const PREFIX = 'registry-webhook-'

/** Returns the name of the automation that a registry webhook is. */
export const automationOf = (id: string): string => `${PREFIX}${id}`

const STATUSES = { ACTIVE: 'active', DISABLED: 'disabled', TEST_MODE: 'test_mode' } as const

/** Returns a registry webhook as the automation that it is, whole: the defaults of every key are spelled out. */
export function automationFrom(form: WebhookForm): JsonObject {
  const { id, status, events, description, model_name, target } = form
  return {
    name: automationOf(id),
    description,
    status: STATUSES[status],
    sources: ['*'],
    ...wanted(events),
    filter: model_name === null ? {} : { model: model_name },
    order: target.kind === 'job' ? 'strict' : 'none',
    // Databricks sends each event, whatever came after it.
    supersede: 'never',
    expires_after: null,
    destinations: [destinationOf(form)],
  }
}

/**
 * Returns the registry webhook that an automation is; null where it is none, or was edited beyond what a registry webhook
 * can say.
 */
export function formIn(name: string, input: unknown): WebhookForm | null {
  const id = name.slice(PREFIX.length)
  if (!name.startsWith(PREFIX) || !/^[0-9a-f]{32}$/.test(id)) return null
  const { status, description = null, filter, destinations } = input as Written
  const target = targetIn(destinations?.[0] ?? {})
  const events = destinations?.[0]?.registry_webhook?.events
  const [shown] = Object.entries(STATUSES).find(([, one]) => one === status) ?? []
  if (target === null || events === undefined || shown === undefined) return null
  const model_name = filter?.model ?? null
  const form = { id, status: shown as WebhookForm['status'], events, description, model_name, target }
  return canonicalJson(automationFrom(form)) === canonicalJson(input as Json) ? form : null
}

/** The parts of an automation that are read; the comparison with what it would be rules out everything else. */
interface Written {
  status?: string
  description?: string | null
  filter?: { model?: string }
  destinations?: (Record<string, unknown> & { registry_webhook?: { events?: string[] } | null })[]
}

function destinationOf({ id, events, target }: WebhookForm): JsonObject {
  const registry_webhook = { id, events: [...events] }
  const named = (name: string | null) => (name === null ? null : `\${${name}}`)
  if (target.kind === 'job') {
    const { job_id, workspace_url, parameters, access_token } = target
    const job = { job_id, workspace_url, parameters, access_token: named(access_token) }
    return { type: 'databricks_job', ...job, registry_webhook }
  }
  const { url, enable_ssl_verification, authorization, secret } = target
  return {
    ...{ type: 'webhook', url, method: 'POST', headers: {}, body: null, format: 'json', sign: 'databricks' },
    ...{ access_token: null, authorization: named(authorization), secret: named(secret) },
    enable_ssl_verification,
    registry_webhook,
  }
}

function targetIn(destination: Record<string, unknown>): HttpTarget | JobTarget | null {
  const { type, url, job_id, workspace_url, parameters } = destination
  const secretIn = (key: string) => nameIn(destination[key])
  if (type === 'webhook')
    return {
      ...{
        kind: 'http',
        url: String(url),
        secret: secretIn('secret'),
        authorization: secretIn('authorization'),
      },
      enable_ssl_verification: destination['enable_ssl_verification'] !== false,
    }
  const access_token = secretIn('access_token')
  if (type !== 'databricks_job' || access_token === null) return null
  return {
    ...{ kind: 'job', job_id: String(job_id), workspace_url: String(workspace_url), access_token },
    parameters: String(parameters),
  }
}

/** Returns the name of the stored secret that a setting stands for; null where it is no such one. */
function nameIn(setting: unknown): string | null {
  return typeof setting === 'string' ? (/^\$\{([A-Z][A-Z0-9_]*)\}$/.exec(setting)?.[1] ?? null) : null
}

const ALL = ['Staging', 'Production', 'Archived']

/**
 * Returns the events that an automation has to hear for these of Databricks, and the condition that the stage is one of
 * theirs. An alias that is named as a stage counts as the change to it.
 */
function wanted(names: readonly string[]): { events: string[]; if: string | null } {
  const kinds = new Set(names.map((name) => String(DATABRICKS_EVENTS[name])))
  const stages = (kind: string) => {
    const asked = names.filter((name) => DATABRICKS_EVENTS[name] === kind).map(stageOfEvent)
    return asked.includes(null) ? null : ALL.filter((stage) => asked.includes(stage))
  }
  const conditions: string[] = []
  if (kinds.has('stage.changed')) {
    kinds.add('alias.added')
    const changed = stages('stage.changed')
    conditions.push(
      ...oneOf('stage.changed', 'to_stage', changed),
      ...oneOf('alias.added', 'alias', changed ?? ALL),
    )
  }
  if (kinds.has('stage.requested'))
    conditions.push(...oneOf('stage.requested', 'to_stage', stages('stage.requested')))
  // Every tag counts, and an automation must say so.
  if (kinds.has('tag.added')) conditions.push('true')
  return { events: [...kinds].sort(), if: conditions.length === 0 ? null : conditions.join(' && ') }
}

function oneOf(kind: string, field: string, stages: readonly string[] | null): string[] {
  if (stages === null) return []
  const pattern = `(?i)^(${stages.join('|')})$`
  return [`(event.kind != "${kind}" || event.change.${field}.matches("${pattern}"))`]
}
