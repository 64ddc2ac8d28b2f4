import { z } from 'zod'
import { EVENT_KINDS, type EventKind } from '../../../src/contract/model-event.ts'
import { parsePath } from './path.ts'

/** The parts of an event that a path can be given for, beside its type. */
export const FIELD_NAMES = [
  'model',
  'version',
  'alias',
  'tag',
  'author',
  'stage',
  'from_stage',
  'entity',
  'project',
  'registry',
  'url',
  'id',
  'occurred_at',
  'metadata',
] as const

/** The name of a field of an event, as `fields` has it. */
export type FieldName = (typeof FIELD_NAMES)[number]

const HEADER = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/

/** The schema of a header's name. */
export const headerName = (description: string) =>
  z.string().regex(HEADER, { error: 'must be the name of a header' }).describe(description)

/** The schema of a path into the body. */
export const bodyPath = z
  .string()
  .max(200, 'must not be longer than 200 characters')
  .refine((text) => parsePath(text) !== null, {
    error: 'must be a path such as data.model, versions[0].name or labels[*], with at most one [*]',
  })

const place = z.union([bodyPath, z.strictObject({ header: headerName('The name of a header.') })])

/** A path into the body, or a header. */
export type Place = z.output<typeof place>

const MEANINGS: Readonly<Record<FieldName, string>> = {
  model: 'The name of the model.',
  version: 'The immutable version.',
  alias: 'The alias that was added or removed.',
  tag: 'The tag that was added or removed.',
  author: 'Who made the change.',
  stage: 'The stage after the change.',
  from_stage: 'The stage before the change.',
  entity: 'The team or workspace of the model.',
  project: 'The project of the model.',
  registry: 'The registry of the model.',
  url: 'A page about the model, with https.',
  id: "The registry's own id of the version.",
  occurred_at: 'When it happened: RFC 3339, or Unix seconds or milliseconds.',
  metadata: 'An object with the metadata of the version.',
}

const optionalPlaces = Object.fromEntries(
  FIELD_NAMES.map((name) => [name, place.optional().describe(MEANINGS[name])]),
) as Record<FieldName, z.ZodOptional<typeof place>>

const kind = z.union([z.enum(EVENT_KINDS), z.templateLiteral(['prompt', z.string()])], {
  error: `must be a neutral kind: ${EVENT_KINDS.join(', ')}, or one that begins with prompt`,
})

/** The keys of a source whose body is described by its configuration. */
export const fieldSettings = {
  fields: z
    .strictObject({
      items: bodyPath
        .refine((text) => !text.includes('[*]'), { error: 'is the path of the list itself, without [*]' })
        .optional()
        .describe(
          'A list of events in the body; `$` where the body is the list. Paths start at its elements.',
        ),
      type: z
        .union([place, z.array(place).min(1).max(4)])
        .optional()
        .describe('The type of the event; of several places, what is there is joined by dots.'),
      ...optionalPlaces,
    })
    .optional()
    .describe(
      'Where in the body, or in which header, each part of an event stands. `[*]` makes one event each.',
    ),
  kinds: z
    .record(z.string().regex(/^[\p{L}\p{N}._:-]{1,100}$/u, { error: 'must be the name of an event' }), kind)
    .optional()
    .describe("The neutral kind of each of the sender's event types."),
}

/** Where the parts of an event stand. */
export type FieldPlaces = NonNullable<z.output<(typeof fieldSettings)['fields']>>
/** The neutral kinds of a sender's event types. */
export type Kinds = Readonly<Record<string, EventKind>>

/** The events of a source whose body is described by its configuration: every neutral kind is one. */
export const NEUTRAL_EVENTS: Readonly<Record<string, EventKind>> = Object.fromEntries(
  EVENT_KINDS.filter((each) => each !== 'other' && each !== 'run.changed').map((each) => [each, each]),
)
