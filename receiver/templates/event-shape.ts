import type { ModelChange, ModelEvent, ModelRef } from '../../src/contract/model-event.ts'
import type { Problem } from '../../src/contract/problem.ts'
import { suggestWord } from './suggest.ts'

/** `value`: has no parts. `free`: any path below it. `list`: parts are numbers. A table: parts are its keys. */
type Shape = 'value' | 'free' | 'list' | Readonly<Record<string, 'value' | 'list'>>

const MODEL = {
  type: 'value',
  entity: 'value',
  project: 'value',
  registry: 'value',
  name: 'value',
  version: 'value',
  reference: 'value',
  pinned: 'value',
  id: 'value',
  url: 'value',
} as const satisfies Record<keyof ModelRef, Shape>

const CHANGE = {
  alias: 'value',
  tag: 'value',
  tags: 'list',
  from_stage: 'value',
  to_stage: 'value',
  comment: 'value',
  previous_version: 'value',
} as const satisfies Record<keyof ModelChange, Shape>

const EVENT: Readonly<Record<string, Shape>> = {
  schema: 'value',
  id: 'value',
  source: { name: 'value', type: 'value' },
  type: 'value',
  kind: 'value',
  title: 'value',
  author: 'value',
  occurred_at: 'value',
  received_at: 'value',
  test: 'value',
  own: 'value',
  synthetic: 'value',
  repeat_of: 'value',
  replay_of: 'value',
  model: MODEL,
  change: CHANGE,
  run: 'free',
  metadata: 'free',
  extra: 'free',
} satisfies Record<keyof ModelEvent, Shape>

/**
 * Checks the path of a `${event.…}` word or of a condition, without the leading `event`.
 * Returns null when an event can have it; paths below `metadata`, `extra` and `run` are free.
 */
export function checkEventPath(path: readonly string[]): Problem | null {
  let shape: Shape = EVENT as Exclude<Shape, string>
  let at = 'event'
  for (const part of path) {
    if (part === '') return { message: `\`${at}.\` lacks a name after the dot`, fix: 'Write a name there.' }
    if (shape === 'free') return null
    const next: Shape | null = step(shape, part)
    if (next === null) return unknownPart(shape, at, part)
    shape = next
    at += `.${part}`
  }
  return null
}

function step(shape: Shape, part: string): Shape | null {
  if (shape === 'list') return /^\d+$/.test(part) ? 'value' : null
  if (typeof shape === 'string' || !Object.hasOwn(shape, part)) return null
  return shape[part] ?? null
}

function unknownPart(shape: Shape, at: string, part: string): Problem {
  if (shape === 'value')
    return { message: `\`${at}\` is a plain value: it has no \`${part}\``, fix: `Use \`${at}\`.` }
  if (shape === 'list')
    return { message: `\`${at}\` is a list: it has no \`${part}\``, fix: `Use \`${at}.0\`.` }
  const names = typeof shape === 'string' ? [] : Object.keys(shape)
  return { message: `\`${at}\` has no \`${part}\``, fix: suggestWord(part, names) }
}
