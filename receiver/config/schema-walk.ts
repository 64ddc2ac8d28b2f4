import type { z } from 'zod'
import type { SecretForm } from '../secrets/settings.ts'
import type { Path } from './problems.ts'

/** A schema inside another one, as far as it can be told. */
export type Inner = z.ZodType | null

/** Returns the schema of one key or item of a value; of a union with `type`, that of the branch that `type` names. */
export function childSchema(schema: Inner, value: unknown, part: string | number): Inner {
  const holder = unwrap(schema, value)
  if (holder === null) return null
  const { def } = core(holder)._zod
  if (def.type === 'object') return Object.hasOwn(def.shape, part) ? inner(def.shape[part]) : null
  if (def.type === 'record') return inner(def.valueType)
  return def.type === 'array' ? inner(def.element) : null
}

/** Returns whether any JSON may stand here, so that no key in it can be wrong. */
export function isFreeForm(schema: Inner): boolean {
  const bare = unwrap(schema, null)
  return bare !== null && ['lazy', 'any', 'unknown'].includes(core(bare)._zod.def.type)
}

/** Returns the schema at a path. */
export function schemaAt(schema: Inner, value: unknown, path: Path): Inner {
  let at = schema
  let held = value
  for (const part of path) {
    at = childSchema(at, held, part)
    held = valueAt(held, [part])
  }
  return at
}

/** Returns the value at a path, by own properties only; undefined where there is none. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((held, part) => {
    if (held === null || typeof held !== 'object' || !Object.hasOwn(held, part)) return undefined
    return (held as Record<string | number, unknown>)[part]
  }, value)
}

/** Returns the keys that an object may have here; empty for anything else. */
export function knownKeys(schema: Inner, value: unknown): string[] {
  const holder = unwrap(schema, value)
  if (holder === null) return []
  const { def } = core(holder)._zod
  return def.type === 'object' ? Object.keys(def.shape) : []
}

/** Returns the form of the secret that any layer of the schema is marked as; null for what is not secret. */
export function secretForm(schema: Inner): SecretForm | null {
  for (let at = schema; at !== null; at = layerBelow(at)) {
    const form = at.meta()?.['secret']
    if (form === 'text' || form === 'url' || form === 'template') return form
  }
  return null
}

/** Returns every text of a value that the schema marks as secret. */
export function secretValues(schema: Inner, value: unknown, is_secret = false): string[] {
  if (typeof value === 'string') return is_secret ? [value] : []
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, held]) => {
    const child = childSchema(schema, value, key)
    return secretValues(child, held, is_secret || secretForm(child) !== null)
  })
}

/** Returns what the schema says to people, or "". */
export function descriptionOf(schema: Inner): string {
  for (let at = schema; at !== null; at = layerBelow(at))
    if (at.description !== undefined) return at.description
  return ''
}

/** Returns the schema without what is around it: optional, default, nullable; of a union, the branch of the value. */
function unwrap(schema: Inner, value: unknown): Inner {
  let at = schema
  for (;;) {
    if (at === null) return null
    const below = layerBelow(at) ?? branchOf(at, value)
    if (below === null) return at
    at = below
  }
}

function layerBelow(schema: z.ZodType): Inner {
  const { def } = core(schema)._zod
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'readonly':
      return inner(def.innerType)
    case 'pipe':
      return inner(def.in)
    default:
      return null
  }
}

function branchOf(schema: z.ZodType, value: unknown): Inner {
  const { def } = core(schema)._zod
  if (def.type !== 'union') return null
  const options = def.options.map((option) => option as unknown as z.ZodType)
  if ('discriminator' in def) {
    const type = valueAt(value, ['type'])
    return options.find((option) => literalType(option) === type) ?? null
  }
  const wanted = Array.isArray(value) ? 'array' : 'object'
  return options.find((option) => core(option)._zod.def.type === wanted) ?? null
}

function literalType(option: z.ZodType): unknown {
  const type = childSchema(option, {}, 'type')
  const def = type === null ? null : core(type)._zod.def
  return def?.type === 'literal' ? def.values[0] : undefined
}

function core(schema: z.ZodType): z.core.$ZodTypes {
  return schema as unknown as z.core.$ZodTypes
}

function inner(schema: z.core.$ZodType | undefined): Inner {
  return (schema ?? null) as Inner
}
