import { z } from 'zod'
import { modelEventSchema } from '../model-event-schema.ts'
import { conditions, problemText } from './schemas.ts'

/** The request that would be sent; secrets masked. */
export const rendered = z
  .object({ method: z.string(), url: z.string(), body: z.record(z.string(), z.unknown()) })
  .meta({ id: 'RenderedRequest', description: 'What is or would be sent; secrets masked.' })

/** An event with every automation's reasons and what would be sent. */
export const explained = z
  .object({
    event: z.string().describe("The registry's own name of the event."),
    matched: z.array(z.string()).describe('The automations that want it.'),
    message: z.string().describe('What would go where, or why nothing would.'),
    hint: z.string().nullable().describe("What to add to the registry's template, where no event was found."),
    model_event: modelEventSchema,
    matches: z.array(
      z.object({
        automation: z.string(),
        matched: z.boolean(),
        reasons: z.array(z.string()).describe('The conditions up to the first that fails.'),
        conditions,
      }),
    ),
    requests: z.array(
      z.object({
        automation: z.string(),
        destination: z.object({ type: z.string(), target: z.string() }),
        request: rendered.nullable(),
        error: problemText.nullable(),
      }),
    ),
  })
  .meta({ id: 'Explained' })

const access = z
  .object({
    allowed: z.boolean().nullable().describe('Null where only sending would show it.'),
    status: z.int().nullable(),
    message: z.string(),
    fix: z.string(),
  })
  .describe('Whether the other side would take it. Asked where a run or job is not started.')

/** The result of a test of an automation. */
export const tested = z
  .object({
    automation: z.string(),
    event: z.string(),
    model_event: modelEventSchema,
    conditions: conditions.describe(
      'What the automation would say to such an event. A test is sent either way.',
    ),
    destinations: z.array(
      z.object({
        destination: z.object({ type: z.string(), target: z.string() }),
        request: rendered.nullable(),
        error: problemText.nullable().describe('Why the event cannot be turned into a request.'),
        permission: access.nullable(),
        sent: z.boolean(),
        result: z
          .object({
            class: z.string(),
            status: z.int().nullable().describe('The HTTP status; null where no answer came.'),
            message: z.string(),
            fix: z.string(),
            body: z.string().nullable().describe('The first part of the body, secrets masked.'),
            duration_ms: z.number(),
          })
          .nullable(),
      }),
    ),
  })
  .meta({ id: 'Tested' })
