import { z } from 'zod'
import { modelEventSchema } from '../model-event-schema.ts'

/** The states of a delivery. */
export const DELIVERY_STATUSES = [
  'pending',
  'delivering',
  'succeeded',
  'failed',
  'expired',
  'superseded',
  'canceled',
] as const

/** The states of an event; look-ups alone give the last three. */
export const EVENT_STATUSES = ['matched', 'unmatched', 'enriching', 'stale', 'lookup_failed'] as const

/** A time as every answer writes it. */
export const time = z.iso.datetime({ precision: 3 })

/** Returns the schema of a page of a list. */
export function listOf<T extends z.ZodType>(item: T, description: string) {
  return z
    .object({
      items: z.array(item),
      next_cursor: z
        .string()
        .nullable()
        .describe('Pass it as `cursor` for what comes after; null at the end.'),
    })
    .describe(description)
}

/** Why something was left undone, and what to do about it. */
export const problemText = z.object({ message: z.string(), fix: z.string() })

const attempt = z
  .object({
    at: time,
    duration_ms: z.number(),
    status: z.int().nullable().describe('The HTTP status, or null where no answer came.'),
    class: z
      .string()
      .describe('What the answer means: success, limited, credentials, permanent, ambiguous …'),
    error: z.string().nullable(),
    request: z.record(z.string(), z.unknown()).nullable().describe('Null in lists.'),
    response: z.string().nullable().describe('The first part of the body. Null in lists.'),
  })
  .meta({ id: 'Attempt' })

/** A delivery as every answer shows it. */
export const delivery = z
  .object({
    id: z.string(),
    event_id: z.string(),
    automation: z.string(),
    destination: z.object({ type: z.string(), target: z.string() }),
    status: z.enum(DELIVERY_STATUSES),
    created_at: time,
    next_attempt_at: time.nullable(),
    waiting_for: z
      .object({ reason: z.string(), until: time.nullable() })
      .nullable()
      .describe('What a pending delivery waits for; null for any other.'),
    attempts: z.array(attempt).describe('Oldest first; in lists the latest 20.'),
    error: problemText.extend({ class: z.string() }).nullable(),
    replay_of: z.string().nullable().describe('The event that was replayed.'),
    subject_key: z.string(),
    runs: z.array(
      z.object({
        run_id: z.number(),
        attempt: z.number(),
        workflow: z.string().nullable(),
        url: z.string(),
        status: z.string(),
        conclusion: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'Delivery' })

const condition = z
  .object({ holds: z.boolean(), reason: z.string() })
  .meta({ id: 'Condition', description: 'One condition of an automation, asked of one event.' })

/** Every condition of an automation. */
export const conditions = z.array(condition).describe('Every condition, also behind the first that fails.')

/** An event as lists show it. */
export const event = z
  .object({
    id: z.string(),
    source: z.string(),
    type: z.string(),
    kind: z.string(),
    received_at: time,
    status: z.enum(EVENT_STATUSES),
    event: modelEventSchema.meta({ id: 'ModelEvent' }),
    deliveries: z.array(delivery),
  })
  .meta({ id: 'Event' })

/** An event, with its body and every automation's reasons. */
export const eventDetail = event
  .extend({
    raw: z.string().describe('The body as it came.'),
    hint: z.string().nullable().describe('What to add to the sender, where the event was not recognised.'),
    matches: z.array(
      z.object({
        automation: z.string(),
        matched: z.boolean(),
        reasons: z
          .array(z.string())
          .describe('One sentence for each check; where one failed it is the last.'),
        conditions,
      }),
    ),
  })
  .meta({ id: 'EventDetail' })
