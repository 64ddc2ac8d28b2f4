import type { Problem } from '../../src/contract/problem.ts'
import { WANDB_WORDS } from '../../src/contract/wandb/words.ts'
import { checkEventPath } from './event-shape.ts'
import { suggestWord } from './suggest.ts'

/** A part of a template string: text, or one word to be replaced. `name` is the word as written. */
export type Piece =
  | { kind: 'text'; text: string }
  | { kind: 'event'; name: string; path: string[] }
  | { kind: 'metadata'; name: string; key: string }
  | { kind: 'word'; name: string }
  | { kind: 'secret'; name: string }

/** A template that can never be filled. The message says which word is wrong, `fix` what to write. */
export class TemplateError extends Error implements Problem {
  /** Where the string stands, e.g. `client_payload.items[0]`. */
  readonly path: string
  readonly fix: string
  constructor(path: string, message: string, fix: string) {
    super(message)
    this.name = 'TemplateError'
    this.path = path
    this.fix = fix
  }
}

/** Secrets are written in capitals; words of an event never are. */
export const SECRET_NAME = /^[A-Z][A-Z0-9_]*$/

const METADATA = 'artifact_metadata.'

const WORDS: ReadonlySet<string> = new Set(WANDB_WORDS)

/**
 * Splits a string at its words; `$${` is the text `${`.
 * @param secrets whether `${NAME}` is the named secret of that name.
 * @throws TemplateError for a word that is unknown or not closed.
 */
export function parsePieces(text: string, path: string, secrets = false): Piece[] {
  const pieces: Piece[] = []
  let literal = ''
  let at = 0
  while (at < text.length) {
    const open = text.indexOf('${', at)
    if (open === -1) break
    if (open > at && text[open - 1] === '$') {
      literal += `${text.slice(at, open - 1)}\${`
      at = open + 2
      continue
    }
    literal += text.slice(at, open)
    const close = text.indexOf('}', open)
    if (close === -1) throw unclosed(path)
    if (literal !== '') pieces.push({ kind: 'text', text: literal })
    literal = ''
    const name = text.slice(open + 2, close)
    pieces.push(secrets && SECRET_NAME.test(name) ? { kind: 'secret', name } : parseWord(name, path, secrets))
    at = close + 1
  }
  literal += text.slice(at)
  if (literal !== '') pieces.push({ kind: 'text', text: literal })
  return pieces
}

function parseWord(name: string, path: string, secrets: boolean): Piece {
  if (WORDS.has(name)) return { kind: 'word', name }
  if (name.startsWith(METADATA) && name.length > METADATA.length) {
    return { kind: 'metadata', name, key: name.slice(METADATA.length) }
  }
  if (name === 'event' || name.startsWith('event.')) return parseEventWord(name, path)
  throw secrets ? (unknownReference(name, path) ?? unknownWord(name, path)) : unknownWord(name, path)
}

function parseEventWord(name: string, path: string): Piece {
  const parts = name.split('.').slice(1)
  const problem = checkEventPath(parts)
  if (problem !== null) throw new TemplateError(path, `\${${name}}: ${problem.message}`, problem.fix)
  return { kind: 'event', name, path: parts }
}

function unclosed(path: string): TemplateError {
  return new TemplateError(
    path,
    '`${` is not closed by `}`',
    'Close the word, or write `$${` for the characters `${`.',
  )
}

/** Returns the error for a reference that is unknown where named secrets work. */
function unknownReference(name: string, path: string): TemplateError | null {
  if (!/^(env|file):/.test(name)) return null
  return new TemplateError(
    path,
    `\${${name}} cannot be used in a template`,
    'Store it as a named secret with `PUT /api/v1/secrets/NAME` and write `${NAME}`, or use a key that is meant for a secret.',
  )
}

function unknownWord(name: string, path: string): TemplateError {
  if (/^(env|file):/.test(name)) {
    return new TemplateError(
      path,
      `\${${name}} cannot be used here: what is sent to GitHub shows in run logs`,
      'Secrets work only in keys that are meant for one, such as `secrets` and `token`; keep this one in GitHub Actions secrets.',
    )
  }
  if (SECRET_NAME.test(name)) {
    return new TemplateError(
      path,
      `\${${name}} would be a named secret: those do not work in GitHub payloads, because run logs show them`,
      'Take it out and read the secret in the workflow from GitHub Actions secrets.',
    )
  }
  const fix = `${suggestWord(name, [...WORDS, 'artifact_metadata.KEY', 'event.model.name'])} For the characters themselves write \`$\${\`.`
  return new TemplateError(path, `\${${name}} is not a word of templates`, fix)
}
