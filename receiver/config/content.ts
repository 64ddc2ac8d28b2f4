import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { cleanSecret, type CleanSecret } from '../secrets/clean.ts'

/** Largest file that is read, in bytes. */
const LARGEST_FILE = 4 * 1024 * 1024

/** The content at a path, read through every symlink at this moment. */
export type Content =
  | { kind: 'file'; text: string }
  /** The YAML files of a directory, sorted. */
  | { kind: 'directory'; names: string[] }
  /** `reason`: the system's error code, e.g. `ENOENT`, or why the content is not text. */
  | { kind: 'none'; reason: string }

/** Reads paths and remembers a hash of what each held, to tell later whether that has changed. */
export interface ContentReader {
  read(path: string): Content
  /** Hashes by path. */
  readonly seen: ReadonlyMap<string, string>
}

/** Returns a reader that has seen nothing yet. */
export function createContentReader(): ContentReader {
  const seen = new Map<string, string>()
  return {
    seen,
    read(path) {
      const content = readContent(path)
      if (!seen.has(path)) seen.set(path, hashOf(content))
      return content
    },
  }
}

/** Returns hashes of what is at the paths now. */
export function currentHashes(paths: Iterable<string>): ReadonlyMap<string, string> {
  return new Map([...paths].map((path) => [path, hashOf(readContent(path))]))
}

/**
 * Returns the secret in a file, or why it cannot be used. The reason never holds any of the text.
 */
export function secretOf(path: string, content: Content): CleanSecret | { reason: string } {
  if (content.kind === 'none') return { reason: `${path} cannot be read (${content.reason})` }
  if (content.kind === 'directory') return { reason: `${path} is a directory` }
  const secret = cleanSecret(content.text)
  return secret.text === '' ? { reason: `${path} is empty` } : secret
}

function readContent(path: string): Content {
  let file: number | null = null
  try {
    // Without O_NONBLOCK, opening a pipe that has no writer would block the process for ever.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stat = fstatSync(file)
    if (stat.isDirectory()) return { kind: 'directory', names: yamlNames(path) }
    if (!stat.isFile()) return { kind: 'none', reason: 'not a file' }
    if (stat.size > LARGEST_FILE) return { kind: 'none', reason: 'larger than 4 MiB' }
    const bytes = readFileSync(file)
    return isUtf8(bytes) ? { kind: 'file', text: bytes.toString() } : { kind: 'none', reason: 'not UTF-8' }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    return { kind: 'none', reason: typeof code === 'string' ? code : 'unknown error' }
  } finally {
    if (file !== null) closeSync(file)
  }
}

/** Returns the YAML files of a directory, without hidden ones: Kubernetes and editors keep their own files there. */
function yamlNames(path: string): string[] {
  return readdirSync(path)
    .filter((name) => /^[^.].*\.ya?ml$/.test(name))
    .sort()
}

function hashOf(content: Content): string {
  return hash('sha256', JSON.stringify(content), 'hex')
}
