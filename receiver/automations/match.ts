import { OWN_SOURCE, type ModelEvent } from '../../src/contract/model-event.ts'
import { eventNames } from '../../src/contract/event-names.ts'
import {
  EVERY_SOURCE,
  FILTER_FIELDS,
  type AutomationSpec,
  type Condition,
  type FilterField,
  type MatchResult,
} from './automation.ts'
import { compileCondition } from './condition.ts'
import { matchesGlob } from '../../src/contract/glob.ts'
import { compilePattern, LONGEST_TEXT } from './pattern.ts'
import { quoteValue } from './quote.ts'

/** A question to an event: whether it holds, and the sentence that says so. */
export type Check = (event: ModelEvent) => Condition

const STATUS_REASONS = {
  active: 'status: active',
  test_mode: 'status: test_mode fires only when it is tested',
  disabled: 'status: the automation is disabled',
} as const satisfies Record<AutomationSpec['status'], string>

const TEST_REASON = "events: the registry's own test; only an automation with `if: event.test` hears of it"

/**
 * Returns the checks of an automation in their order: status, source, event, each filter, the patterns, the condition.
 *
 * @throws AutomationError when a pattern or the condition cannot work.
 */
export function compileChecks(spec: AutomationSpec): Check[] {
  return [
    checkStatus(spec),
    checkSource(spec),
    checkEvent(spec),
    ...filterChecks(spec),
    ...conditionCheck(spec),
  ]
}

/** Asks one after the other and stops at the first that doesn't hold. */
export function runChecks(automation: string, checks: readonly Check[], event: ModelEvent): MatchResult {
  const reasons: string[] = []
  for (const check of checks) {
    const { holds, reason } = check(event)
    reasons.push(reason)
    if (!holds) return { automation, matched: false, reasons, passed: reasons.length - 1 }
  }
  return { automation, matched: true, reasons, passed: reasons.length }
}

function checkStatus({ status }: AutomationSpec): Check {
  return () => ({ holds: status === 'active', reason: STATUS_REASONS[status] })
}

function checkSource({ sources }: AutomationSpec): Check {
  const every = sources.includes(EVERY_SOURCE)
  return ({ source }) => {
    // Alerts are heard by those who name them: one that could not be delivered must not cause another.
    const holds = sources.includes(source.name) || (every && source.name !== OWN_SOURCE)
    const reason = holds
      ? `source: ${quoteValue(source.name)}`
      : `source: ${quoteValue(source.name)} is not one of ${sources.join(', ')}`
    return { holds, reason }
  }
}

/**
 * Returns the check of the event's names. A registry's own test starts nothing, except where the condition asks for
 * tests.
 */
function checkEvent({ events, if: condition }: AutomationSpec): Check {
  const hears_tests = condition !== null && /\bevent\.test\b/.test(condition)
  return (event) => {
    const { type, kind } = event
    if (event.test && !hears_tests) return { holds: false, reason: TEST_REASON }
    const wanted =
      events.find((name) => name === '*' || name === type || name === kind) ??
      // A change may have two names, whichever of them came.
      events.find((name) => eventNames(event).includes(name))
    const reason =
      wanted === undefined
        ? `events: ${quoteValue(type)} (${kind}) is not one of ${events.join(', ')}`
        : `events: ${quoteValue(type)} is wanted by ${wanted}`
    return { holds: wanted !== undefined, reason }
  }
}

function filterChecks({ filter }: AutomationSpec): Check[] {
  const checks: Check[] = []
  for (const field of FILTER_FIELDS) {
    const globs = filter[field]
    if (globs !== undefined) checks.push(globCheck(field, typeof globs === 'string' ? [globs] : globs))
  }
  if (filter.alias_regex !== undefined) checks.push(patternCheck('alias', filter.alias_regex))
  if (filter.tag_regex !== undefined) checks.push(patternCheck('tag', filter.tag_regex))
  return checks
}

function globCheck(field: FilterField, globs: readonly string[]): Check {
  const key = `filter.${field}`
  const wanted = globs.map((glob) => `"${glob}"`).join(' or ')
  return checkValues(key, field, wanted, (value) => globs.some((glob) => matchesGlob(glob, value)))
}

function patternCheck(field: 'alias' | 'tag', source: string): Check {
  const key = `filter.${field}_regex`
  return checkValues(key, field, `/${source}/`, compilePattern(source, key))
}

function checkValues(
  key: string,
  field: FilterField,
  wanted: string,
  holds: (value: string) => boolean,
): Check {
  return (event) => {
    const values = fieldValues(event, field)
    const [first] = values
    if (first === undefined) return { holds: false, reason: `${key}: the event has no ${field}` }
    if (values.some((value) => value.length > LONGEST_TEXT)) {
      return { holds: false, reason: `${key}: the ${field} is longer than ${LONGEST_TEXT} characters` }
    }
    const value = values.find(holds)
    if (value !== undefined) return { holds: true, reason: `${key}: ${quoteValue(value)} matches ${wanted}` }
    return { holds: false, reason: `${key}: ${quoteValue(first)} does not match ${wanted}` }
  }
}

/** Returns the values of an event that a filter may match; any one will do. Empty when the event has none. */
function fieldValues({ model, change, author }: ModelEvent, field: FilterField): string[] {
  switch (field) {
    case 'entity':
    case 'project':
    case 'registry':
      return present([model?.[field]])
    case 'model':
      return present([model?.name])
    case 'author':
      return present([author])
    case 'alias':
    case 'from_stage':
    case 'to_stage':
      return present([change[field]])
    case 'tag':
      return present([change.tag, ...change.tags]).flatMap(tagAndKey)
  }
}

function present(values: readonly (string | null | undefined)[]): string[] {
  return values.filter((value) => value !== null && value !== undefined)
}

/** Returns a tag and its key: `stage=prod` can be named by either. */
function tagAndKey(tag: string): string[] {
  const equals = tag.indexOf('=')
  return equals > 0 ? [tag, tag.slice(0, equals)] : [tag]
}

function conditionCheck(spec: AutomationSpec): Check[] {
  if (spec.if === null) return []
  const condition = compileCondition(spec.if)
  return [
    (event) => {
      const result = condition(event)
      if (typeof result === 'string') return { holds: false, reason: `if: ${result}` }
      return { holds: result, reason: result ? 'if: true' : `if: \`${spec.if ?? ''}\` is false` }
    },
  ]
}
