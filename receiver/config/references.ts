import type { z } from 'zod'
import type { Json } from '../../src/contract/model-event.ts'
import type { Problem } from '../../src/contract/problem.ts'
import { NAMED_SECRET, REFERENCE, type SecretForm } from '../secrets/settings.ts'
import type { Fault, Path } from './problems.ts'
import { childSchema, isFreeForm, secretForm, type Inner } from './schema-walk.ts'
import { replaceReferences, type ReferenceSources } from './secret-references.ts'

/** The context of checking a value. */
export interface ReferenceContext extends ReferenceSources {
  schema: z.ZodType
}

/** A value with its references replaced, and what was wrong with them. */
export interface Resolved {
  value: Json
  faults: Fault[]
}

/** The form that people write who know W&B's `${SECRET}` or a shell. */
const BARE = /^\$\{?([A-Z][A-Z0-9_]*)\}?$/
/** A reference with a slip of the pen: `${ENV:X}`, `${ env:X }`, `$(env:X)`, `{env:X}`, `env:X`. */
const SLIP = /^[${(\s]*(env|file)\s*:\s*([^\s(){}]+)[\s)}]*$/i
/** The same inside a longer text, and the beginning of anything else that was meant to be replaced. */
const LEFT_OVER = /\$\{(?:\s*(env|file)\s*:\s*(\w+))?/i

/**
 * Replaces the references of every key that the schema marks as secret; anywhere else a reference is a fault.
 * Inside `automations` each secret must hold one, and stays as written: an automation is stored and shown, a secret
 * never is.
 */
export function resolveReferences(value: Json, { schema, ...sources }: ReferenceContext): Resolved {
  const faults: Fault[] = []

  const walk = (item: Json, path: Path, at: Place): Json => {
    if (typeof item === 'string')
      return at.secret === null ? plainText(item, path, at) : secretText(item, path, at.secret)
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
    return walk(item, path, { schema: child, free, secret: at.secret ?? secretForm(child) })
  }
  const plainText = (text: string, path: Path, { schema, free }: Place): string => {
    const found = /(?<!\$)\$\{(env|file):/.exec(text)
    // A key that does not exist is a fault by itself, and may be a misspelt key of a secret.
    if (found === null || (schema === null && !free)) return text
    const message = `\${${found[1] ?? ''}:…} does not work here: only keys that hold a secret take it`
    faults.push({ path, message, fix: free ? SENT_FIX : PLAIN_FIX })
    return text
  }
  const secretText = (text: string, path: Path, form: SecretForm): string => {
    const isKept = path[0] === 'automations'
    const slip = form === 'template' ? slipOfTemplate(text) : slipOf(isKept ? withoutNamed(text) : text)
    const { text: resolved, problems } = replaceReferences(text, sources)
    if (slip !== null) faults.push({ path, message: 'is not a reference', fix: slip })
    faults.push(...problems.map((problem) => ({ path, ...problem })))
    if (slip !== null) return isKept ? text : resolved
    if (form === 'template') return text
    if (isKept && text !== '' && text.search(REFERENCE) === -1 && withoutNamed(text) === text)
      faults.push({ path, ...LITERAL })
    else if (form === 'url' && problems.length === 0 && withoutNamed(text) === text && !isHttpUrl(resolved))
      faults.push({ path, ...NOT_A_URL })
    return isKept ? text : resolved
  }
  return { value: walk(value, [], { schema, free: false, secret: null }), faults }
}

/** A text without the named secrets in it, `${NAME}`, which only destinations can have. */
function withoutNamed(text: string): string {
  return text.replace(NAMED_SECRET, '')
}

/** A destination's secret that stands in the file itself. */
export const LITERAL: Problem = {
  message: 'holds the secret itself, and an automation is stored and shown',
  fix: 'Put the secret into an environment variable or a file, and write "${env:NAME}" or "${file:/path}" here.',
}

const NOT_A_URL: Problem = {
  message: 'is not an http or https address once its references are replaced',
  fix: 'Copy the whole address, from https:// on, into the variable or the file.',
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol)
}

/** The same in a text that may have words of the event beside its references. */
function slipOfTemplate(text: string): string | null {
  const rest = text.replace(REFERENCE, '')
  const [, kind = '', name = ''] = /(?<!\$)\$\{\s*(env|file)\s*:\s*([^\s}]*)/i.exec(rest) ?? []
  if (kind === '') return null
  const shown = /^file$/i.test(kind) || /^[A-Z_]\w*$/i.test(name) ? name : 'NAME'
  return `Write "\${${kind.toLowerCase()}:${shown}}": small letters before the colon, no spaces.`
}

/** Where a value stands: its schema, whether any JSON may stand there, which form of secret it is, if any. */
interface Place {
  schema: Inner
  free: boolean
  secret: SecretForm | null
}

const WORDS = 'Words of the event are `${alias}`, `${event.model.name}` and so on.'
const PLAIN_FIX = `Write the value out. ${WORDS}`
const SENT_FIX = `Leave it out: what goes to GitHub is shown in the logs of workflow runs. In the body of a webhook a named secret works: \${NAME}, stored with PUT /api/v1/secrets/NAME. ${WORDS}`

/**
 * Returns what to do about a secret that was meant to be a reference and is not one; else null. Used as it is, the text
 * itself would be the secret, known to every reader of the file. Only names are repeated: the rest may be secret.
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
