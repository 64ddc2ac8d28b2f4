import published from '../../../schemas/model-dispatch.schema.json' with { type: 'json' }

/** As much of JSON Schema as the published schema uses. */
export interface Schema {
  type?: string
  description?: string
  default?: unknown
  const?: unknown
  enum?: string[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  writeOnly?: boolean
}

/** The schema of one automation: the one that editors use for the configuration file. */
export const AUTOMATION = (published as unknown as { properties: { automations: { items: Schema } } })
  .properties.automations.items

/** How a value is edited. */
export type Kind = 'text' | 'long' | 'number' | 'choice' | 'switch' | 'list' | 'group' | 'variants' | 'json'

/** Returns how a value of this schema is edited; whatever has no control of its own is edited as JSON. */
export function kindOf(schema: Schema): Kind {
  const { type, items } = schema
  if (schema.enum !== undefined) return 'choice'
  if (type === 'boolean') return 'switch'
  if (type === 'integer' || type === 'number') return 'number'
  if (type === 'string') return 'text'
  if (type === 'array' && items?.type === 'string') return 'list'
  if (type === 'array' && items?.oneOf !== undefined) return 'variants'
  if (schema.properties !== undefined) return 'group'
  const others = (schema.anyOf ?? []).filter((one) => one.type !== 'null')
  if (others.length === 1 && others[0] !== undefined) return kindOf(others[0])
  if (others.some((one) => one.type === 'array' && one.items?.type === 'string')) return 'list'
  if (others.length > 0 && others.every((one) => one.type === 'string' || one.type === 'integer'))
    return 'text'
  return 'json'
}

/** Returns the kinds of one entry of a list of variants, by the name in their `type`. */
export function variantsOf(schema: Schema): ReadonlyMap<string, Schema> {
  return new Map((schema.items?.oneOf ?? []).map((one) => [String(one.properties?.['type']?.const), one]))
}

/** Returns the object with one key set, or without it where there is nothing to say. */
export function withKey(object: Readonly<Record<string, unknown>>, key: string, value: unknown) {
  const { [key]: _before, ...others } = object
  return value === undefined ? others : { ...object, [key]: value }
}
