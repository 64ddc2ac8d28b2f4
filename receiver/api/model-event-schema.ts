import { z } from 'zod'
import {
  EVENT_KINDS,
  SCHEMA,
  TITLE_LIMIT,
  type Json,
  type JsonObject,
} from '../../src/contract/model-event.ts'

const text = z.string().nullable()
const json: z.ZodType<Json> = z.json()
const object: z.ZodType<JsonObject> = z.record(z.string(), json)
const time = z.iso.datetime({ precision: 3 })

const model = z
  .object({
    type: text.describe('The artifact type, where the registry has one.'),
    entity: text,
    project: text,
    registry: text.describe("The registry's short name."),
    name: text,
    version: text.describe('An immutable version (v3, 8), never an alias.'),
    reference: text.describe('The reference as the registry gave it; it may be mutable.'),
    pinned: text.describe('The same reference by immutable version; null while the version is unknown.'),
    id: text.describe("The registry's own id of the version."),
    url: text,
  })
  .nullable()
  .describe('The model or artifact; null for events about runs.')

const change = z
  .object({
    alias: text,
    tag: text,
    tags: z.array(z.string()),
    from_stage: text,
    to_stage: text,
    comment: text,
    previous_version: text.describe("Who held this alias or stage before, by the receiver's own log."),
  })
  .describe('What changed. Only what belongs to the kind is set.')

/**
 * The ModelEvent of `src/contract/model-event.ts` as a schema, for those who read it in another language. Readers
 * ignore keys they don't know.
 */
export const modelEventSchema = z
  .object({
    schema: z.literal(SCHEMA),
    id: z.string().describe('evt_…'),
    source: z.object({ name: z.string(), type: z.string() }),
    type: z.string().describe("The registry's own name of the event; UNKNOWN where none was found."),
    kind: z.union([z.enum(EVENT_KINDS), z.templateLiteral(['prompt', z.string()])]),
    title: z.string().max(TITLE_LIMIT),
    author: text,
    occurred_at: time.nullable().describe('When the registry says it happened.'),
    received_at: time,
    test: z.boolean(),
    own: z.boolean().describe('Caused by Model Dispatch itself.'),
    synthetic: z.boolean(),
    repeat_of: text.describe('An earlier event with the same body.'),
    replay_of: text.describe('The event that this one replays.'),
    model,
    change,
    run: object.nullable(),
    metadata: object,
    extra: object.describe('Keys of the body that no other field took.'),
  })
  .meta({
    title: 'ModelEvent',
    description: 'One change in a model registry, as Model Dispatch hands it on.',
  })

/** Returns the same as a JSON Schema; shipped as `schemas/model-event.schema.json`. */
export function modelEventJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(modelEventSchema, { io: 'input' })
}
