import type { JsonObject, ModelEvent } from '../../src/contract/model-event.ts'
import type { Automation, Condition } from '../automations/automation.ts'
import { conditionsOf } from '../automations/explain.ts'
import { ATTEMPT_MS } from '../deliveries/attempt.ts'
import { planDeliveries } from '../deliveries/plan.ts'
import { modelEventOf } from '../deliveries/prepare-event.ts'
import { withTimeLimit } from '../deliveries/time-limit.ts'
import { RenderError, type DeliveryInput, type Sender } from '../destinations/destination.ts'
import type { Access, AttemptResult } from '../policy/attempt.ts'
import { reasonOf } from '../observe/reason-of.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { NewDelivery } from '../store/records.ts'
import type { Sample } from './samples.ts'

/** The result of a test of one destination. */
export interface TestedDestination {
  destination: { type: string; target: string }
  /** The request that was or would be sent; secrets masked. Null where the event cannot be turned into a request: `error` says why. */
  request: { method: string; url: string; body: JsonObject } | null
  error: { message: string; fix: string } | null
  /** Whether the other side would take it, where it was asked; null where it was not. */
  permission: Access | null
  sent: boolean
  /** The outcome of the request, where it was sent. */
  result:
    | (Pick<AttemptResult, 'class' | 'status' | 'message' | 'fix'> & {
        body: string | null
        duration_ms: number
      })
    | null
}

/** The result of a test of an automation. */
export interface Tested {
  automation: string
  event: string
  model_event: ModelEvent
  /** Whether the automation would want such an event, condition by condition. A test is sent either way. */
  conditions: Condition[]
  destinations: TestedDestination[]
}

/** How an automation is tested. */
export interface TestWish {
  sample: Sample
  /** Also what starts a run or a job. */
  send: boolean
  /** Unix ms. */
  now: number
}

/**
 * Sends a sample through every destination of an automation, whatever its status, and stores nothing. A destination that would start a
 * run or a job is rendered, and the other side is asked whether it would take it; it is sent with `send` alone.
 */
export async function testAutomation(
  runtime: Runtime,
  automation: Automation,
  { sample, send, now }: TestWish,
): Promise<Tested> {
  const { source, found } = sample
  const made = modelEventOf(source, { ...found.event, test: true }, now)
  const event: ModelEvent = { ...made, synthetic: true }
  const deliveries = planDeliveries(event, found, [automation], runtime.senders)
  const destinations = await Promise.all(
    deliveries.map((delivery) => {
      const input = inputOf(automation, { event, found, delivery })
      return testDestination(runtime, delivery, input, send)
    }),
  )
  const real = { ...event, test: found.event.test }
  const [conditions = []] = conditionsOf([automation], real, runtime.config.sources.get(source.name)?.allow)
  return { automation: automation.spec.name, event: event.type, model_event: event, conditions, destinations }
}

function inputOf(
  { spec }: Automation,
  { event, found, delivery }: { event: ModelEvent; found: Sample['found']; delivery: NewDelivery },
): DeliveryInput {
  return {
    delivery_id: delivery.id,
    redelivery: 0,
    automation: spec.name,
    event,
    flat: found.flat,
    dispatch_type: found.dispatch_type,
    client_payload: found.client_payload ?? null,
    subject_key: delivery.subject,
    dedupe_key: delivery.dedupe_key,
    settings: spec.destinations[delivery.position],
  }
}

async function testDestination(
  runtime: Runtime,
  { type, target, error }: NewDelivery,
  input: DeliveryInput,
  send: boolean,
): Promise<TestedDestination> {
  const nothing = {
    destination: { type, target },
    request: null,
    permission: null,
    sent: false,
    result: null,
  }
  const sender = runtime.senders.get(type)
  if (error !== null || sender === undefined)
    return { ...nothing, error: { message: error?.message ?? '', fix: error?.fix ?? '' } }
  const request = rendered(sender, input)
  if ('message' in request) return { ...nothing, error: { message: request.message, fix: request.fix } }
  if (runtime.starters.has(type) && !send)
    return { ...nothing, request, error: null, permission: await ask(sender, input) }
  return { ...nothing, request, error: null, sent: true, result: await attempt(sender, input) }
}

function rendered(sender: Sender, input: DeliveryInput) {
  try {
    return sender.render(input)
  } catch (error) {
    if (error instanceof RenderError) return error
    throw error
  }
}

async function ask(sender: Sender, input: DeliveryInput): Promise<Access | null> {
  const question = (signal: AbortSignal) => sender.access?.(input, signal) ?? Promise.resolve(null)
  try {
    return await withTimeLimit(ATTEMPT_MS, question)
  } catch (error) {
    return { allowed: null, status: null, message: reasonOf(error), fix: '' }
  }
}

async function attempt(sender: Sender, input: DeliveryInput): Promise<TestedDestination['result']> {
  const began = performance.now()
  const {
    class: kind,
    status,
    message,
    fix,
    response,
  } = await withTimeLimit(ATTEMPT_MS, (signal) => sender.send(input, signal))
  const duration_ms = Math.round(performance.now() - began)
  return { class: kind, status, message, fix, body: response, duration_ms }
}
