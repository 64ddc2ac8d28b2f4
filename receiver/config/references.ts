import { dirname, resolve } from 'node:path'
import type { z } from 'zod'
import type { Json } from '../../src/contract/model-event.ts'
import { secretOf } from './content.ts'
import type { ContentReader } from './content.ts'
import type { Fault, Path } from './problems.ts'
import { childSchema, isSecret } from './schema-walk.ts'
import type { Inner } from './schema-walk.ts'

/** Where `${env:…}` and `${file:…}` are looked up. */
export interface ReferenceContext {
  schema: z.ZodType
  env: Readonly<Record<string, string | undefined>>
  /** The configuration file: relative paths start at its directory. */
  file: string
  reader: ContentReader
}

/** A value with its references replaced, and what was wrong with them. */
export interface Resolved {
  value: Json
  faults: Fault[]
}

const REFERENCE = /\$\{(env|file):([^}]*)\}/g
/** What people write who know W&B's `${SECRET}` or a shell. */
const BARE = /^\$\{?([A-Z][A-Z0-9_]*)\}?$/

/**
 * Replaces the references of every key that the schema marks as secret; anywhere else one is a fault.
 * Inside `automations` they are checked and stay as written: an automation is stored and shown, a secret never.
 */
export function resolveReferences(value: Json, { schema, env, file, reader }: ReferenceContext): Resolved {
  const faults: Fault[] = []

  const walk = (item: Json, path: Path, at: Inner, secret: boolean): Json => {
    if (typeof item === 'string') return secret ? secretText(item, path) : plainText(item, path)
    if (Array.isArray(item))
      return item.map((inner, index) => walkChild(item, inner, [...path, index], at, secret))
    if (item === null || typeof item !== 'object') return item
    const entries = Object.entries(item)
    return Object.fromEntries(
      entries.map(([key, inner]) => [key, walkChild(item, inner, [...path, key], at, secret)]),
    )
  }
  const walkChild = (holder: Json, item: Json, path: Path, at: Inner, secret: boolean): Json => {
    const child = childSchema(at, holder, path.at(-1) ?? '')
    return walk(item, path, child, secret || isSecret(child))
  }
  const plainText = (text: string, path: Path): string => {
    const found = /(?<!\$)\$\{(env|file):/.exec(text)
    if (found === null) return text
    const message = `\${${found[1] ?? ''}:…} does not work here: only keys that hold a secret take it`
    const fix = 'Write the value out. Words of the event are `${alias}`, `${event.model.name}` and so on.'
    faults.push({ path, message, fix })
    return text
  }
  const secretText = (text: string, path: Path): string => {
    const bare = BARE.exec(text)?.[1]
    if (bare !== undefined) {
      faults.push({
        path,
        message: 'is not a reference',
        fix: `Write "\${env:${bare}}" to use that variable.`,
      })
    }
    const resolved = text.replace(REFERENCE, (_, kind: string, name: string) =>
      kind === 'env' ? variable(name, path) : secretFile(name, path),
    )
    return path[0] === 'automations' ? text : resolved
  }
  const variable = (name: string, path: Path): string => {
    const found = Object.hasOwn(env, name) ? env[name] : undefined
    if (found !== undefined && found.trim() !== '') return found.replace(/[\r\n]+$/, '')
    const message = `the environment variable ${name} is ${found === undefined ? 'not set' : 'empty'}`
    faults.push({ path, message, fix: `Set ${name} where the receiver starts.` })
    return name
  }
  const secretFile = (name: string, path: Path): string => {
    const target = resolve(dirname(file), name)
    const read = secretOf(target, reader.read(target))
    if ('text' in read) return read.text
    faults.push({ path, message: `the secret's file ${read.reason}`, fix: 'Mount it, or correct the path.' })
    return name
  }
  return { value: walk(value, [], schema, false), faults }
}
