import type { Json } from '../../src/contract/model-event.ts'
import type { SecretLookup } from '../secrets/named.ts'
import { NAMED_SECRET, REFERENCE } from '../secrets/settings.ts'
import { compileTemplate, renderString, TemplateError, type TemplateScope } from '../templates/template.ts'
import { RenderError, type TargetInput } from './destination.ts'

/** Shown where a secret stands. */
export const MASK = '***'

/** Below this a secret cannot be masked in what is recorded, in characters; see `redact`. */
const SHORTEST_SECRET = 8

/** Gives the values of settings for one request. */
export interface HttpValues {
  /** Returns a text with its references, named secrets and words replaced. @throws RenderError, SecretUnavailable */
  text(text: string, options: { path: string; encode?: (word: string) => string }): string
  /** Returns a template's JSON with its words and named secrets replaced. @throws RenderError, SecretUnavailable */
  json(template: Json, options: { path: string }): Json
  /** The secrets that were given out so far: none may be shown. */
  readonly revealed: readonly string[]
  /** The named secrets among them. */
  readonly named: ReadonlySet<string>
}

/** Names that stand for secret settings in templates, with the setting as it is written; null where it is not set. */
export type OwnSecrets = Readonly<Record<string, string | null>>

/** Where values come from. */
export interface ValueSources {
  /** The value of a reference, `${env:NAME}` or `${file:/path}`. */
  reference: (text: string) => string
  /** The value of a named secret. */
  named: SecretLookup
}

/** Makes the values of one request. What a value holds is never read as a reference or word again. */
export function createValues(
  { event, flat, automation }: Pick<TargetInput, 'event' | 'flat' | 'automation'>,
  sources: ValueSources,
  own: OwnSecrets = {},
): HttpValues {
  const revealed = new Set<string>()
  const used = new Set<string>()
  const reveal = (value: string, what: string) => {
    if (value !== MASK && value.length < SHORTEST_SECRET) throw tooShort(what)
    if (value !== MASK) for (const form of formsOf(value)) revealed.add(form)
    return value
  }
  const secret = (name: string): string => {
    const setting = Object.hasOwn(own, name) ? own[name] : undefined
    // A single step: a setting that has its own name in it is refused when it is read.
    if (typeof setting === 'string' && !setting.includes(`\${${name}}`))
      return values.text(setting, { path: name.toLowerCase() })
    used.add(name)
    return reveal(sources.named(name), `The secret ${name}`)
  }
  const scope: TemplateScope = { event, flat, automation, secret }
  const values: HttpValues = {
    text: (text, options) =>
      pieces(text)
        .map(({ reference, text: piece }) =>
          reference
            ? reveal(sources.reference(piece), `The value of ${piece}`)
            : rendering(() => renderString(compileTemplate(piece, { ...options, secrets: true }), scope)),
        )
        .join(''),
    json: (template, options) =>
      rendering(() => compileTemplate(template, { ...options, secrets: true }).render(scope)),
    get revealed() {
      return [...revealed]
    },
    named: used,
  }
  return values
}

/**
 * Every text by which a server could give a secret back: of an address also its path, its longer parts and the values of
 * its query; of `Basic …` or `Bearer …` also what follows; and all of it percent-encoded.
 */
function formsOf(value: string): string[] {
  const forms = [value, ...partsOfUrl(value), ...partsOfCredentials(value)]
  return forms.flatMap((form) => [
    form,
    encodeURI(form.toWellFormed()),
    encodeURIComponent(form.toWellFormed()),
  ])
}

/** Ids in a path are at least this long, in characters; the words between them are shorter. */
const SHORTEST_ID = 16

function partsOfUrl(value: string): string[] {
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) return []
  const { pathname, search, searchParams } = new URL(value)
  const ids = pathname.split('/').filter((part) => part.length >= SHORTEST_ID)
  const path = pathname === '/' ? [] : [`${pathname}${search}`, pathname]
  return [...path, ...ids, ...searchParams.values()]
}

function partsOfCredentials(value: string): string[] {
  const [, scheme = '', rest] = /^(\w+) +(\S+)$/.exec(value) ?? []
  if (rest === undefined) return []
  if (!/^basic$/i.test(scheme)) return [rest]
  const pair = Buffer.from(rest, 'base64').toString()
  return [rest, pair, pair.slice(pair.indexOf(':') + 1)]
}

/** Values for people to look at: a mask wherever a secret would stand. */
export const MASKED: ValueSources = { reference: () => MASK, named: () => MASK }

/** Returns the names of the named secrets anywhere in the settings of a destination. */
export function namesOfSecrets(settings: unknown): string[] {
  const found = JSON.stringify(settings).matchAll(NAMED_SECRET)
  return [...new Set([...found].map(([, name = '']) => name))]
}

/** A text cut at its references. */
function pieces(text: string): { reference: boolean; text: string }[] {
  const cut: { reference: boolean; text: string }[] = []
  let at = 0
  for (const { 0: found, index } of text.matchAll(REFERENCE)) {
    cut.push({ reference: false, text: text.slice(at, index) }, { reference: true, text: found })
    at = index + found.length
  }
  return [...cut, { reference: false, text: text.slice(at) }].filter((piece) => piece.text !== '')
}

function rendering<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof TemplateError) throw new RenderError(`${error.path}: ${error.message}.`, error.fix)
    throw error
  }
}

function tooShort(what: string): RenderError {
  const message = `${what} is shorter than ${SHORTEST_SECRET} characters, so that it could not be hidden in logs.`
  return new RenderError(message, 'Use a longer one, e.g. of `openssl rand -hex 32`, on both sides.')
}
