import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { automationFrom, formIn, type WebhookForm } from '../../../receiver/api/registry-webhooks/form.ts'
import { compileAutomation } from '../../../receiver/automations/compile.ts'
import type { AutomationSpec } from '../../../receiver/automations/automation.ts'
import { automationSchema } from '../../../receiver/config/schema.ts'
import { DESTINATION_TYPES } from '../../../receiver/destinations/index.ts'
import { registryEventsOf } from '../../../receiver/destinations/registry-webhook.ts'
import { DATABRICKS_EVENTS } from '../../../src/contract/databricks/events.ts'
import { EVENT_KINDS, NO_CHANGE } from '../../../src/contract/model-event.ts'
import { modelEvent } from '../../support/model-event.ts'

const ALL = Object.keys(DATABRICKS_EVENTS)
const schema = automationSchema(DESTINATION_TYPES)

const names = fc.uniqueArray(fc.constantFrom(...ALL), { minLength: 1 })
const secret = fc.constantFrom(null, 'WEBHOOK_AB_SECRET_12')
const http = fc.record({
  kind: fc.constant('http' as const),
  url: fc.constantFrom('https://hooks.example.com/a', 'https://hooks.example.com/b?c=%20'),
  enable_ssl_verification: fc.boolean(),
  secret,
  authorization: secret,
})
const job = fc.record({
  kind: fc.constant('job' as const),
  job_id: fc.constantFrom('1', '9007199254740993'),
  workspace_url: fc.constant('https://dbc.example.com'),
  access_token: fc.constant('WEBHOOK_AB_ACCESS_TOKEN_12'),
  parameters: fc.constantFrom('notebook', 'job', 'multi_task'),
})
const form: fc.Arbitrary<WebhookForm> = fc.record({
  id: fc.constant('c5596721253c4b429368cf6f4341b88a'),
  status: fc.constantFrom('ACTIVE' as const, 'DISABLED' as const, 'TEST_MODE' as const),
  events: names,
  description: fc.option(fc.constantFrom('', 'Slack notifications')),
  model_name: fc.option(fc.constantFrom('resnet50', '<model-name>', 'main.ml.iris')),
  target: fc.oneof(http, job),
})

describe('A registry webhook', () => {
  it('is an automation that the API accepts, and comes back from it unchanged', () => {
    fc.assert(
      fc.property(form, (webhook) => {
        const automation = automationFrom(webhook)
        const stored = JSON.parse(JSON.stringify(schema.parse(automation))) as unknown
        expect(formIn(`registry-webhook-${webhook.id}`, stored)).toEqual(webhook)
      }),
    )
  })

  it('is none any more once its automation says what no registry webhook can', () => {
    const [webhook] = fc.sample(form, { numRuns: 1, seed: 1 })
    const stored = schema.parse(automationFrom(webhook as WebhookForm))
    const name = `registry-webhook-${webhook?.id ?? ''}`
    for (const edit of [
      { if: 'true' },
      { sources: ['wandb'] },
      { events: ['*'] },
      { expires_after: '1h' },
      { filter: { author: 'jane' } },
      { destinations: [...stored.destinations, ...stored.destinations] },
    ])
      expect(formIn(name, { ...stored, ...edit }), JSON.stringify(edit)).toBeNull()
    for (const other of ['deploy', 'registry-webhook-1', `${name}0`]) expect(formIn(other, stored)).toBeNull()
  })

  it('wants exactly the events, of whatever source, that stand for its own', () => {
    const stages = fc.constantFrom('Staging', 'production', 'ARCHIVED', 'None', 'candidate', null)
    const change = fc.record({ alias: stages, to_stage: stages })
    fc.assert(
      fc.property(names, fc.constantFrom(...EVENT_KINDS), change, (events, kind, parts) => {
        const [webhook] = fc.sample(form, 1)
        const input = automationFrom({
          ...(webhook as WebhookForm),
          events,
          model_name: null,
          status: 'ACTIVE',
        })
        const automation = compileAutomation({
          ...input,
          expires_after_ms: null,
        } as unknown as AutomationSpec)
        const event = modelEvent({ kind, type: 'ANY', change: { ...NO_CHANGE, tags: [], ...parts } })
        const expected = registryEventsOf(event).some((name) => events.includes(name))
        const result = automation.match(event)
        expect(result.matched, result.reasons.join('\n')).toBe(expected)
      }),
    )
  })
})
