import { AUTOMATION } from './schema.ts'
import type { Automation, Mistake } from './types.ts'

/** The settings of an automation while it is edited. */
export type Draft = Readonly<Record<string, unknown>>

/** The draft of a new automation: the most common one. */
export const BEGINNING: Draft = {
  events: ['alias.added'],
  filter: { alias: 'production' },
  destinations: [{ type: 'repository_dispatch' }],
}

/** Returns the settings alone, those that say something, in the order of the schema. */
export function draftOf(automation: Automation | null): Draft {
  if (automation === null) return BEGINNING
  const settings = Object.keys(AUTOMATION.properties ?? {}).map((key) => [key, automation[key]] as const)
  return telling(Object.fromEntries(settings)) as Draft
}

/** Returns a value without the keys that say nothing: null, and objects that are empty. */
function telling(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(telling)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).map(([key, one]) => [key, telling(one)] as const)
  return Object.fromEntries(kept.filter(([, one]) => one != null && !isEmpty(one)))
}

const isEmpty = (value: unknown) => typeof value === 'object' && Object.keys(value as object).length === 0

const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)

/** Returns the settings in which two drafts differ. */
export function differences(one: Draft, other: Draft): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(
    (key) => !isSame(one[key], other[key]),
  )
}

/** Returns `theirs` with each setting that `mine` has changed since `base`. */
export function merged(base: Draft, mine: Draft, theirs: Draft): Draft {
  const own = differences(base, mine).map((key) => [key, mine[key]] as const)
  return Object.fromEntries(
    Object.entries({ ...theirs, ...Object.fromEntries(own) }).filter(([, value]) => value !== undefined),
  )
}

/** Returns what each key's mistake says: of all, or only where something has been typed. */
export function mistakesByKey(
  mistakes: readonly Mistake[],
  draft: Draft,
  { all }: { all: boolean },
): ReadonlyMap<string, string> {
  const shown = mistakes.filter(({ key }) => all || valueAt(draft, key) !== undefined)
  return new Map(shown.map(({ key, message, fix }) => [key, `${message}. ${fix}`]))
}

/** Returns what a key like `destinations[0].repository` holds. */
function valueAt(draft: Draft, key: string): unknown {
  const parts = key.split(/[.[\]]+/).filter((part) => part !== '')
  return parts.reduce<unknown>((value, part) => (value as Draft | undefined)?.[part], draft)
}
