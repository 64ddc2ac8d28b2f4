import { z } from 'zod'
import type { DestinationType } from '../destinations/destination.ts'
import { secretText } from '../secrets/settings.ts'
import type { SourceLookup } from '../sources/lookup.ts'
import type { SourceType } from '../sources/source.ts'
import { visibleText } from '../templates/visible.ts'
import { DURATION, SIZE } from './units.ts'

/** The kinds of sources and destinations that a configuration may name. */
export interface TypeTables {
  sources: ReadonlyMap<string, SourceType>
  destinations: ReadonlyMap<string, DestinationType>
}

/** A source's name: the last part of its webhook URL. */
export const SOURCE_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/
/** Longest glob: matching takes at most pattern × text steps. */
const LONGEST_GLOB = 500

const glob = visibleText().max(LONGEST_GLOB)
const globs = z.array(glob).min(1, 'must name at least one')
const globOrGlobs = z.union([glob, globs])
const duration = z
  .string()
  .regex(DURATION, { error: 'must be a number with s, m, h or d, such as 72h or 30d' })
const text = (longest: number) =>
  z
    .string()
    .min(1, 'must not be empty')
    .max(longest, `must not be longer than ${longest} characters`)
    .regex(/^[^\p{Cc}]*$/u, { error: 'must not hold control characters' })

const allow = z
  .strictObject({
    entity: globs.optional().describe('W&B entities (teams).'),
    project: globs.optional().describe('Projects.'),
    registry: globs.optional().describe('Registries, by their short name.'),
    model: globs.optional().describe('Model or collection names.'),
  })
  .describe('What this source may speak about, as lists of globs: events outside match nothing.')

/** The keys that every source has. */
const sourceShape = {
  secrets: z.array(secretText()).optional().describe('Signing secrets. Several while one is being replaced.'),
  access_token: secretText().optional().describe('Expected as `Authorization: Bearer …`.'),
  authorization: secretText()
    .optional()
    .describe('Expected as the whole value of the `Authorization` header.'),
  insecure: z.boolean().default(false).describe('Take requests that nobody can verify, on purpose.'),
  allow: allow.default({}),
  body_limit: z
    .string()
    .regex(SIZE, { error: 'must be a number with B, KiB or MiB, such as 512KiB' })
    .default('1MiB')
    .describe('Largest body taken.'),
  dedupe_seconds: z
    .number()
    .min(0)
    .max(604_800)
    .nullable()
    .default(null)
    .describe("How long an identical request counts as a repeat. Default: the registry's own rule."),
  repeats: z
    .enum(['accept', 'refuse'])
    .default('accept')
    .describe('What to do with a body seen long ago: accept marks the event as `repeat_of`.'),
  silent_after: duration
    .nullable()
    .default(null)
    .describe('How long the registry may send nothing before `source.silent` is raised.'),
}

function lookupSchema({ base_url, needs_key, key_help }: SourceLookup) {
  const address = z
    .string()
    .min(1, 'must not be empty')
    .describe('The address of the registry. A path below it is kept.')
  const shape = {
    mode: z
      .enum(['optional', 'required'])
      .default('optional')
      .describe('optional: matched without an answer after 60 s; required: waits for one, for up to 72 h.'),
    api_key: needs_key ? secretText(key_help) : secretText(key_help).optional(),
    base_url: base_url === null ? address : address.default(base_url),
  }
  return z
    .strictObject(shape)
    .optional()
    .describe('Asks the registry for metadata, version and run of each event before it is matched.')
}

const repositoryGlob = visibleText().regex(/^[^/\s]+\/[^/\s]+$/, {
  error: 'must be owner/name; * and ? are allowed',
})

const connection = z.strictObject({
  repositories: z
    .array(repositoryGlob)
    .optional()
    .describe('Globs of the repositories that may be dispatched to. Default: those that automations name.'),
  writes_per_second: z
    .number()
    .min(0)
    .max(1_000)
    .default(1)
    .describe('Pace of one GitHub identity; 0 is no pace.'),
  api_url: z.string().min(1).optional().describe('Default: GITHUB_API_URL, else https://api.github.com.'),
  token: secretText().optional().describe('A personal access token; a GitHub App is better.'),
  app_id: z
    .union([secretText(), z.number().int().positive()])
    .meta({ secret: 'text' })
    .optional()
    .describe("A GitHub App's id or client id; needs private_key."),
  private_key: secretText().optional().describe("The GitHub App's private key (PEM)."),
})

const dispatch = z.strictObject({
  access_token: secretText().describe(
    'The token that the sender has in place of its GitHub token: `Authorization: Bearer …`.',
  ),
  source: z
    .string()
    .min(1)
    .describe(
      'The source that the requests count as: its type reads them, and a signature that comes along must fit its secrets.',
    ),
  connection: z.string().min(1).default('main').describe('The GitHub connection to send with.'),
  repositories: z
    .array(repositoryGlob)
    .min(1, 'must name at least one')
    .describe('Globs of the repositories that this token may dispatch to; any other is not found.'),
})

const filter = z.strictObject({
  entity: globOrGlobs.optional().describe('The entity (team) of the model.'),
  project: globOrGlobs.optional().describe('The project of the model.'),
  registry: globOrGlobs.optional().describe("The registry's short name."),
  model: globOrGlobs.optional().describe('The name of the model or collection.'),
  author: globOrGlobs.optional().describe('Who made the change.'),
  alias: globOrGlobs.optional().describe('The alias that was added or removed.'),
  tag: globOrGlobs.optional().describe('A tag of the change: its whole text, or its key.'),
  from_stage: globOrGlobs.optional().describe('The stage before.'),
  to_stage: globOrGlobs.optional().describe('The stage after.'),
  alias_regex: visibleText().optional().describe('RE2 expression found anywhere in the alias.'),
  tag_regex: visibleText().optional().describe('RE2 expression found anywhere in the tag.'),
})

const adminToken = z.strictObject({
  name: z
    .string()
    .regex(SOURCE_NAME, { error: 'a token is named in small letters, digits, - and _, at most 64' })
    .describe('Who it is for; the audit log names it.'),
  secret: secretText('The token itself, at least 24 characters.'),
  role: z.enum(['read', 'write']).describe('read: looks only; write: changes things as well.'),
  automations: globs.optional().describe('Globs of the automations it is limited to. Default: no limit.'),
})

/** Returns the schema of one automation, for a file or the API. */
export function automationSchema(destinations: TypeTables['destinations']) {
  return z.strictObject({
    name: text(100).describe('Unique among all automations.'),
    description: z.string().max(2_000).nullable().default(null).describe('For people.'),
    status: z
      .enum(['active', 'test_mode', 'disabled'])
      .default('active')
      .describe('test_mode: fires only on a test.'),
    sources: z
      .array(z.string())
      .min(1)
      .optional()
      .describe('Names of sources, or `*` for all. Needed when there is more than one.'),
    events: z
      .array(visibleText())
      .min(1, 'must name at least one event')
      .describe("The registry's own names or neutral kinds such as alias.added; * is all."),
    filter: filter.default({}).describe('All of these must hold. Globs: * and ?, exact, case-sensitive.'),
    if: z
      .string()
      .min(1, 'must not be empty')
      .nullable()
      .default(null)
      .describe('A CEL condition over `event`.'),
    order: z.enum(['strict', 'none']).optional().describe('strict: one subject at a time, in order.'),
    supersede: z
      .enum(['never', 'retrying', 'waiting'])
      .default('retrying')
      .describe('Which older deliveries of a subject a newer one replaces.'),
    expires_after: duration.nullable().default(null).describe('After this time a delivery is given up.'),
    destinations: z
      .array(byType(destinations))
      .min(1, 'must name at least one')
      .describe('Where a match goes.'),
  })
}

/** Returns the schema of a whole file. Conversions (durations, sizes, secrets) come after it: it only checks. */
export function fileSchema({ sources, destinations }: TypeTables) {
  const sourceTypes = new Map([...sources].map(([name, type]) => [name, { settings: sourceSchema(type) }]))
  const sourceName = z.string().regex(SOURCE_NAME, {
    error: 'a source is named in small letters, digits, - and _, at most 64: the name is part of its URL',
  })
  return z.strictObject({
    version: z.literal(1).describe('The version of this format.'),
    sources: z
      .record(sourceName, byType(sourceTypes))
      .default({})
      .describe('Who may send, by the last part of the webhook URL.'),
    github: z
      .record(
        z.string().regex(SOURCE_NAME, { error: 'a connection is named in small letters, digits, - and _' }),
        connection,
      )
      .default({})
      .describe('GitHub connections; `main` comes from the environment where it is not spelled out.'),
    automations: z.array(automationSchema(destinations)).default([]).describe('What goes where.'),
    dispatches: z
      .array(dispatch)
      .default([])
      .describe("Who may send to GitHub's own dispatch route, POST /repos/{owner}/{repo}/dispatches."),
    retention: z
      .strictObject({
        succeeded: duration.default('30d').describe('How long events are kept whose deliveries succeeded.'),
        failed: duration.default('90d').describe('How long the others are kept.'),
      })
      .optional()
      .describe('How long events and deliveries are kept.'),
    limits: z
      .strictObject({
        backlog: z.number().int().min(1).default(1_000_000).describe('Most deliveries that may wait.'),
      })
      .optional()
      .describe('Bounds of the whole receiver.'),
    admin: z
      .strictObject({ tokens: z.array(adminToken).default([]).describe('Tokens beside ADMIN_TOKEN.') })
      .optional()
      .describe('Who may use the management API.'),
  })
}

/** A file as its schema gives it. */
export type ConfigFile = z.output<ReturnType<typeof fileSchema>>
/** An automation as its schema gives it. */
export type AutomationInput = z.output<ReturnType<typeof automationSchema>>
/** A GitHub connection as its schema gives it. */
export type ConnectionInput = z.output<typeof connection>
/** A source as its schema gives it: the keys of every source, and those of its type. */
export type SourceInput = z.output<ReturnType<typeof sourceSchema>> & { lookup?: LookupInput } & Record<
    string,
    unknown
  >
/** How a source is asked, as its schema gives it. */
export interface LookupInput {
  mode: 'optional' | 'required'
  api_key?: string
  base_url: string
}

/** The names of the keys that every source has. */
export const SOURCE_KEYS: ReadonlySet<string> = new Set(['type', ...Object.keys(sourceShape)])

function sourceSchema({ type, title, settings, lookup }: SourceType) {
  const asked = lookup === undefined ? {} : { lookup: lookupSchema(lookup) }
  return z.strictObject({ type: z.literal(type).describe(title), ...sourceShape, ...asked, ...settings })
}

/** Returns the schema of any type of a table, told apart by `type`. */
function byType(
  table: ReadonlyMap<string, { settings: z.ZodType }>,
): z.ZodType<{ type: string } & Record<string, unknown>> {
  const [first, ...rest] = [...table.values()].map(({ settings }) => settings as z.ZodObject)
  if (first === undefined) return z.never()
  return z.discriminatedUnion('type', [first, ...rest]) as unknown as z.ZodType<
    { type: string } & Record<string, unknown>
  >
}
