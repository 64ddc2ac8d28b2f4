import { BadQuery } from '../params.ts'
import { flagParam, timeOf, timeParam } from './params.ts'

/** How many things a dry run lists. */
export const FIRST = 20

/** The parameters of every call that does something to many. */
export const BULK = {
  since: timeParam('Accepted at this time or later. Needed unless `all` is true.'),
  until: timeParam('Accepted before this time.'),
  all: flagParam('all', 'Whatever their age.'),
  dry_run: flagParam('dry_run', 'Counts and lists what would be sent, and sends nothing.'),
}

/**
 * Returns the span of time that a bulk call means.
 * @throws BadQuery where it says neither `since` nor `all`: an old backlog must not be sent by surprise.
 */
export function spanOf({
  since,
  until,
  all = false,
}: {
  since?: string | undefined
  until?: string | undefined
  all?: boolean | undefined
}): { since?: number | undefined; until?: number | undefined } {
  if (since === undefined && !all)
    throw new BadQuery('since is missing: say from when on, such as 2026-11-28T05:00:00Z, or "all": true.')
  if (since !== undefined && all) throw new BadQuery('since contradicts all: give one of the two.')
  return { since: timeOf(since), until: timeOf(until) }
}

/** Returns how many go to each target, most first. */
export function countByTarget(targets: readonly string[]): { target: string; count: number }[] {
  const counts = new Map<string, number>()
  for (const target of targets) counts.set(target, (counts.get(target) ?? 0) + 1)
  return [...counts].map(([target, count]) => ({ target, count })).sort((a, b) => b.count - a.count)
}
