import { z } from 'zod'
import type { Json, JsonObject } from '../../src/contract/model-event.ts'

const json: z.ZodType<Json> = z.json()
const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), json)

/** The keys of a `repository_dispatch` destination. */
export const repositoryDispatchSettings = z.strictObject({
  type: z.literal('repository_dispatch'),
  connection: z.string().min(1).default('main').describe('The GitHub connection to send with.'),
  repository: z.string().min(3).describe('owner/name. The name may be a template, the owner never.'),
  event_type: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("What the workflow's `types` name. Default: the body's own, else the registry's event."),
  client_payload: jsonObject
    .nullable()
    .default(null)
    .describe("At most ten keys, each a template. Default: the registry's own fields and model_event."),
  model_event: z.boolean().default(true).describe('Whether model_event is added to your own client_payload.'),
  parameters: jsonObject.default({}).describe('Travels in model_event.parameters: costs no key.'),
})

/** The same as parsed: defaults filled in. */
export type RepositoryDispatch = z.infer<typeof repositoryDispatchSettings>
