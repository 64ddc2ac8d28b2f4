import { dirname, resolve } from 'node:path'
import type { z } from 'zod'
import type { Json } from '../../src/contract/model-event.ts'
import { secretOf } from './content.ts'
import type { ContentReader } from './content.ts'
import type { Fault, Path } from './problems.ts'
import { childSchema, isFreeForm, isSecret } from './schema-walk.ts'
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

const REFERENCE = /\$\{(env|file):([^}\s](?:[^}]*[^}\s])?)\}/g
/** What people write who know W&B's `${SECRET}` or a shell. */
const BARE = /^\$\{?([A-Z][A-Z0-9_]*)\}?$/
/** A reference with a slip of the pen: `${ENV:X}`, `${ env:X }`, `$(env:X)`, `{env:X}`, `env:X`. */
const SLIP = /^[${(\s]*(env|file)\s*:\s*([^\s(){}]+)[\s)}]*$/i
/** The same inside a longer text, and the beginning of anything else that was meant to be replaced. */
const LEFT_OVER = /\$\{(?:\s*(env|file)\s*:\s*(\w+))?/i

/**
 * Replaces the references of every key that the schema marks as secret; anywhere else one is a fault.
 * Inside `automations` they are checked and stay as written: an automation is stored and shown, a secret never.
 */
export function resolveReferences(value: Json, { schema, env, file, reader }: ReferenceContext): Resolved {
  const faults: Fault[] = []

  const walk = (item: Json, path: Path, at: Place): Json => {
    if (typeof item === 'string') return at.secret ? secretText(item, path) : plainText(item, path, at)
    if (Array.isArray(item)) return item.map((inner, index) => walkChild(item, inner, [...path, index], at))
    if (item === null || typeof item !== 'object') return item
    const entries = Object.entries(item)
    return Object.fromEntries(
      entries.map(([key, inner]) => [key, walkChild(item, inner, [...path, key], at)]),
    )
  }
  const walkChild = (holder: Json, item: Json, path: Path, at: Place): Json => {
    const child = childSchema(at.schema, holder, path.at(-1) ?? '')
    const free = at.free || isFreeForm(child)
    return walk(item, path, { schema: child, free, secret: at.secret || isSecret(child) })
  }
  const plainText = (text: string, path: Path, { schema, free }: Place): string => {
    const found = /(?<!\$)\$\{(env|file):/.exec(text)
    // A key that does not exist is a fault by itself, and may be a secret's with a slip of the pen.
    if (found === null || (schema === null && !free)) return text
    const message = `\${${found[1] ?? ''}:…} does not work here: only keys that hold a secret take it`
    faults.push({ path, message, fix: free ? SENT_FIX : PLAIN_FIX })
    return text
  }
  const secretText = (text: string, path: Path): string => {
    const slip = slipOf(text)
    if (slip !== null) faults.push({ path, message: 'is not a reference', fix: slip })
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
  return { value: walk(value, [], { schema, free: false, secret: false }), faults }
}

/** Where a value stands: its schema, whether any JSON may stand there, whether it is a secret. */
interface Place {
  schema: Inner
  free: boolean
  secret: boolean
}

const WORDS = 'Words of the event are `${alias}`, `${event.model.name}` and so on.'
const PLAIN_FIX = `Write the value out. ${WORDS}`
const SENT_FIX = `Leave it out: what is sent is shown in the logs of workflow runs, so no secret may stand here. ${WORDS}`

/**
 * What to do about a secret that was meant to be a reference and is none, or null. Sent on as it stands, it would be
 * the secret itself, and known to whoever reads the file. Only names are ever repeated, since the rest may be secret.
 */
function slipOf(text: string): string | null {
  const [, bare] = BARE.exec(text) ?? []
  if (bare !== undefined) return `Write "\${env:${bare}}" to use that variable.`
  const rest = text.replace(REFERENCE, '')
  const [, kind = '', name = ''] = (rest === text ? SLIP.exec(text) : null) ?? LEFT_OVER.exec(rest) ?? []
  if (/^file$/i.test(kind) || (/^env$/i.test(kind) && /^[A-Z_]\w*$/i.test(name)))
    return `Write "\${${kind.toLowerCase()}:${name}}": small letters before the colon, no spaces.`
  if (!rest.includes('${')) return null
  return 'Write "${env:NAME}" or "${file:/path}". A secret that itself holds `${` can only come from one of them.'
}
