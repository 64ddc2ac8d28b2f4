import type { z } from 'zod'
import { nearestWord } from '../../src/contract/nearest-word.ts'
import { suggestWord } from '../templates/suggest.ts'
import type { Fault, Path } from './problems.ts'
import { descriptionOf, knownKeys, schemaAt, valueAt } from './schema-walk.ts'

type Issue = z.core.$ZodIssue

/** The context in which a value was checked. */
interface Checked {
  schema: z.ZodType
  value: unknown
}

/** Returns what a schema found wrong, as faults that say what to do. Messages never contain a value of the file. */
export function faultsOf(issues: readonly Issue[], checked: Checked): Fault[] {
  return issues.flatMap((issue) => faultsOfIssue(issue, checked, []))
}

function faultsOfIssue(issue: Issue, checked: Checked, prefix: Path): Fault[] {
  const path = [...prefix, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))]
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, path, checked))
    case 'invalid_type':
      return [wrongType(issue.expected, path, checked)]
    case 'invalid_value':
      return [wrongValue(issue.values.map(String), path, checked)]
    case 'invalid_union':
      return faultsOfUnion(issue, path, checked)
    case 'invalid_key':
      return [
        { path, at_key: true, message: issue.issues[0]?.message ?? 'not a valid name', fix: 'Rename it.' },
      ]
    default:
      return [{ path, message: lowerFirst(issue.message), fix: meaning(path, checked) }]
  }
}

function unknownKey(key: string, path: Path, { schema, value }: Checked): Fault {
  const known = knownKeys(schemaAt(schema, value, path), valueAt(value, path))
  const fault = { path: [...path, key], at_key: true, message: 'there is no such key here' }
  return {
    ...fault,
    fix: placeOf(key, path, { schema, value }) ?? `${suggestWord(key, known)}${anchorHint(key, path, known)}`,
  }
}

/** Returns where a key belongs that is known elsewhere; null where nothing is known of it. */
function placeOf(key: string, path: Path, { schema, value }: Checked): string | null {
  if (path.length === 0 && (/^[A-Z][A-Z0-9_]+$/.test(key) || /^env(ironment)?$/.test(key)))
    return 'Environment variables are set where the receiver starts (a shell, .env, the service), not in this file: remove it here.'
  const beside = path.at(-1)
  const around = path.slice(0, -1)
  const outer = knownKeys(schemaAt(schema, value, around), valueAt(value, around))
  if (typeof beside === 'string' && outer.includes(key))
    return `It belongs one level up, beside \`${beside}\`: indent it less.`
  for (const name of knownKeys(schemaAt(schema, value, path), valueAt(value, path))) {
    const below = Array.isArray(valueAt(value, [...path, name])) ? [...path, name, 0] : [...path, name]
    if (knownKeys(schemaAt(schema, value, below), valueAt(value, below)).includes(key))
      return `It belongs below \`${name}\`: write \`${key}\` there.`
  }
  return null
}

/** Any text can be a key of one's own at the top of a file: YAML's anchors need a place. */
function anchorHint(key: string, path: Path, known: readonly string[]): string {
  if (path.length > 0 || nearestWord(key, known) !== null || !/^[\w-]{1,40}$/.test(key)) return ''
  return ` A key of your own, to hold an anchor, begins with x-: \`x-${key}\`.`
}

function wrongType(expected: string, path: Path, checked: Checked): Fault {
  const given = valueAt(checked.value, path)
  if (given === undefined) {
    return { path, message: 'is missing', fix: `Add it. ${meaning(path, checked)}`.trimEnd() }
  }
  const quotes = expected === 'string' && (typeof given === 'number' || typeof given === 'boolean')
  const fix = quotes
    ? 'Put the value in quotes.'
    : `${formOf(expected, path, checked)}${meaning(path, checked)}`
  return { path, message: `must be ${nameOf(expected)}, not ${nameOf(typeName(given))}`, fix }
}

/** Returns how a value of this type is written where another one stands. */
function formOf(expected: string, path: Path, { schema, value }: Checked): string {
  const [key] = path.slice(-1)
  const given = valueAt(value, path)
  if (given === null || typeof key !== 'string') return ''
  if (expected === 'array' && typeof given !== 'object')
    return `Write it as a list, in brackets: \`${key}: [ … ]\`. `
  if (expected !== 'object' || typeof given === 'object') return ''
  // A key of one entry stands where the entries' names do.
  if (knownKeys(schemaAt(schema, value, path), given).includes(key) && path.length > 1)
    return `\`${key}\` belongs below a name: \`${String(path.at(-2))}: { NAME: { ${key}: … } }\`. `
  return ''
}

function wrongValue(values: string[], path: Path, { value }: Checked): Fault {
  const given = valueAt(value, path)
  if (given === undefined) return { path, message: 'is missing', fix: `Add it: ${values.join(' or ')}.` }
  return { path, message: `must be ${values.join(' or ')}`, fix: valueFix(given, values) }
}

function valueFix(given: unknown, values: string[]): string {
  if (typeof given !== 'string') return `Write ${values.join(' or ')}.`
  return values.includes(given) ? 'Write it without quotes.' : suggestWord(given, values)
}

function faultsOfUnion(issue: z.core.$ZodIssueInvalidUnion, path: Path, checked: Checked): Fault[] {
  if ('options' in issue && Array.isArray(issue.options))
    return [wrongValue(issue.options.map(String), path, checked)]
  // The branch that matched furthest is the one that the author meant.
  const depths = issue.errors.map((branch) => Math.max(0, ...branch.map((inner) => inner.path.length)))
  const meant = issue.errors[depths.indexOf(Math.max(...depths))]
  const deep = meant?.filter((inner) => inner.path.length > 0 || inner.code !== 'invalid_type') ?? []
  if (deep.length > 0) return deep.flatMap((inner) => faultsOfIssue(inner, checked, path))
  const [plainest] = issue.errors.flat()
  if (plainest?.code === 'invalid_type') return [wrongType(plainest.expected, path, checked)]
  return [{ path, message: 'has the wrong form', fix: meaning(path, checked) }]
}

function meaning(path: Path, checked: Checked): string {
  const { schema, value } = checked
  if (path.length === 0) return 'A configuration starts with `version: 1`.'
  return descriptionOf(schemaAt(schema, value, path)) || meaning(path.slice(0, -1), checked)
}

const NAMES = new Map([
  ['object', 'a map of keys'],
  ['record', 'a map of keys'],
  ['array', 'a list'],
  ['string', 'a text'],
  ['number', 'a number'],
  ['int', 'a whole number'],
  ['boolean', 'true or false'],
  ['null', 'empty'],
])

function nameOf(type: string): string {
  return NAMES.get(type) ?? type
}

function typeName(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1)
}
