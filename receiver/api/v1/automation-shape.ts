import { z } from 'zod'
import { FILTER_FIELDS, type AutomationSpec } from '../../automations/automation.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { WrittenAutomation } from '../../runtime/stored-automations.ts'
import { problemText, time } from './schemas.ts'
import { time as timeText } from './shapes.ts'

const globs = z.union([z.string(), z.array(z.string())])

/** An automation as every answer shows it. Secrets stand in it by name only. */
export const shownAutomation = z
  .object({
    name: z.string(),
    origin: z.enum(['file', 'api']).describe('file: read-only here.'),
    file: z.string().nullable().describe('Where it stands, for those of the files.'),
    line: z.int().nullable(),
    description: z.string().nullable(),
    status: z.enum(['active', 'test_mode', 'disabled']),
    sources: z.array(z.string()),
    events: z.array(z.string()),
    filter: z.object({
      ...Object.fromEntries(FILTER_FIELDS.map((field) => [field, globs.optional()])),
      alias_regex: z.string().optional(),
      tag_regex: z.string().optional(),
    }),
    if: z.string().nullable(),
    order: z.enum(['strict', 'none']).nullable().describe("Null: as the destinations' types have it."),
    supersede: z.enum(['never', 'retrying', 'waiting']),
    expires_after: z.string().nullable(),
    destinations: z.array(z.looseObject({ type: z.string() })),
    revision: z
      .string()
      .nullable()
      .describe('What deliveries are made under now; null while it is not in force.'),
    problem: problemText.nullable().describe('Why it is not in force beside the files; null where it is.'),
    etag: z.string().describe('For If-Match.'),
    created_at: time.nullable(),
    updated_at: time.nullable(),
    updated_by: z.string().nullable().describe('The name of the token that wrote it.'),
  })
  .meta({ id: 'Automation' })

type Shown = z.input<typeof shownAutomation>

/** Returns the automations of the files, as answers show them. */
export function fileAutomations({ config, automations }: Runtime): Shown[] {
  return automations.flatMap(({ spec, revision }) => {
    const origin = config.rules.origins.get(spec.name)
    if (origin === undefined) return []
    const own = { file: origin.file, line: origin.line, revision, problem: null, etag: `"${revision}"` }
    const nobody = { created_at: null, updated_at: null, updated_by: null }
    return [{ ...specShape(spec), origin: 'file' as const, ...own, ...nobody }]
  })
}

/** Returns a stored automation as answers show it. `problem`: why it is not in force, or null. */
export function automationShape(
  { input, version, created_at, updated_at, updated_by }: WrittenAutomation,
  { problem, revision }: Pick<Shown, 'problem' | 'revision'>,
): Shown {
  const written = input as Omit<Shown, 'sources' | 'order'> & Partial<Pick<Shown, 'sources' | 'order'>>
  return {
    ...written,
    sources: written.sources ?? [],
    order: written.order ?? null,
    ...{ origin: 'api', file: null, line: null, revision, problem, etag: `"v${version}"`, updated_by },
    created_at: timeText(created_at),
    updated_at: timeText(updated_at),
  }
}

/** Returns the keys of an automation as they are written. */
function specShape({ expires_after_ms, ...spec }: AutomationSpec) {
  return { ...spec, expires_after: expires_after_ms === null ? null : durationText(expires_after_ms) }
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** Returns a duration as the file writes it, in the largest unit that it is a whole number of. */
function durationText(ms: number): string {
  const [unit, size] = UNITS.find(([, each]) => ms % each === 0) ?? ['s', 1_000]
  return `${Math.round(ms / size)}${unit}`
}
