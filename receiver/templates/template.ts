import type { Json, ModelEvent } from '../../src/contract/model-event.ts'
import { wandbMetadata, wandbWords } from '../../src/contract/wandb/words.ts'
import { parsePieces, type Piece } from './pieces.ts'
import { cleanText, cleanTexts } from './text.ts'

export { TemplateError } from './pieces.ts'

/** The values that a template is filled from. */
export interface TemplateScope {
  event: ModelEvent
  /** The registry's own flat fields (see `SourceEvent.flat`). */
  flat: Record<string, string>
  /** The automation's name, for `${automation_name}`. */
  automation?: string
  /** The value of a named secret, for `${NAME}` where a template may hold secrets. */
  secret?: (name: string) => string
}

/** How a template is read. */
export interface TemplateOptions {
  /** Where the value stands, e.g. `client_payload`: errors name it. */
  path: string
  /**
   * Makes the text of a word fit the place where it stands, e.g. `encodeURIComponent`. Secrets are left as they are.
   */
  encode?: (text: string) => string
  /** Whether `${NAME}` is a named secret. Default: refused. */
  secrets?: boolean
}

/** A JSON tree whose strings may hold words, checked and ready to fill. */
export interface Template {
  /** The names of the words used, each once, in the order they appear. */
  readonly words: readonly string[]
  /**
   * Returns the tree with every word replaced, in one pass: what a value holds is never read as a word again, and it
   * cannot leave its place in the tree. A string that is nothing but `${event.…}` gives the value itself (null when the
   * event has none); every other word gives text ("" when absent).
   */
  render(scope: TemplateScope): Json
}

type Render = (scope: TemplateScope, words: WordCache) => Json
/** W&B's words of the event being rendered, made at the first use. */
type WordCache = () => Record<string, string>

/**
 * Compiles the strings of a JSON value: W&B's words (`${alias}`, `${artifact_metadata.KEY}`), `${event.…}` and
 * the literal `$${`. The keys of objects are taken as they are.
 * @throws TemplateError for a word that doesn't exist, with what to write instead.
 */
export function compileTemplate(value: Json, options: TemplateOptions): Template {
  const words = new Set<string>()
  const render = compileValue(value, options, words)
  return {
    words: [...words],
    render(scope) {
      let cached: Record<string, string> | null = null
      return render(scope, () => (cached ??= wordsOf(scope)))
    },
  }
}

/**
 * Fills a template made from one string and gives text: what isn't a string becomes JSON text, null becomes "".
 */
export function renderString(template: Template, scope: TemplateScope): string {
  return toText(template.render(scope))
}

function compileValue(value: Json, options: TemplateOptions, words: Set<string>): Render {
  if (typeof value === 'string') return compileString(value, options, words)
  const below = (part: string): TemplateOptions => ({ ...options, path: `${options.path}${part}` })
  if (Array.isArray(value)) {
    const items = value.map((item, index) => compileValue(item, below(`[${index}]`), words))
    return (scope, cache) => items.map((item) => item(scope, cache))
  }
  if (value === null || typeof value !== 'object') return () => value
  const entries = Object.entries(value).map(([key, item]): [string, Render] => [
    key,
    compileValue(item, below(`.${key}`), words),
  ])
  return (scope, cache) => Object.fromEntries(entries.map(([key, item]) => [key, item(scope, cache)]))
}

function compileString(text: string, options: TemplateOptions, words: Set<string>): Render {
  const pieces = parsePieces(text, options.path, options.secrets)
  for (const piece of pieces) if (piece.kind !== 'text') words.add(piece.name)
  const [only] = pieces
  const { encode } = options
  if (pieces.length === 1 && only?.kind === 'event' && encode === undefined) {
    return (scope) => cleanTexts(lookUp(scope.event, only.path))
  }
  const isWord = ({ kind }: Piece) => kind !== 'text' && kind !== 'secret'
  return (scope, cache) => {
    const texts = pieces.map((piece) => {
      const filled = pieceText(piece, scope, cache)
      return encode !== undefined && isWord(piece) ? encode(cleanText(filled)) : filled
    })
    return cleanText(texts.join(''))
  }
}

function pieceText(piece: Piece, scope: TemplateScope, words: WordCache): string {
  switch (piece.kind) {
    case 'text':
      return piece.text
    case 'event':
      return toText(lookUp(scope.event, piece.path))
    case 'metadata':
      return wandbMetadata(scope.event, piece.key)
    case 'word':
      return words()[piece.name] ?? ''
    case 'secret':
      return scope.secret?.(piece.name) ?? ''
  }
}

/** Returns the value at a path, by own properties only; null where there is none. */
function lookUp(event: ModelEvent, path: readonly string[]): Json {
  let value: unknown = event
  for (const part of path) {
    if (value === null || typeof value !== 'object') return null
    if (Array.isArray(value) && !/^\d+$/.test(part)) return null
    if (!Object.hasOwn(value, part)) return null
    value = (value as Record<string, unknown>)[part]
  }
  return (value ?? null) as Json
}

function toText(value: Json): string {
  if (value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/**
 * Returns the words of an event. `automation_name` is the automation that fills the template, not the registry's own.
 */
function wordsOf({ event, flat, automation }: TemplateScope): Record<string, string> {
  const words = wandbWords(event, flat)
  return automation === undefined ? words : { ...words, automation_name: automation }
}
