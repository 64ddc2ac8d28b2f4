import { resolve } from 'node:path'
import type { Problem } from '../../src/contract/problem.ts'
import { SecretUnavailable } from '../destinations/destination.ts'
import { REFERENCE } from '../secrets/settings.ts'
import { createContentReader, secretOf, type ContentReader } from './content.ts'

/** Where `${env:…}` and `${file:…}` are looked up. */
export interface ReferenceSources {
  env: Readonly<Record<string, string | undefined>>
  /** Where relative paths of `${file:…}` start: the directory of the configuration file. */
  directory: string
  reader: ContentReader
}

/** Returns the text with every reference replaced by its value, and what is wrong with those that have none. */
export function replaceReferences(
  text: string,
  sources: ReferenceSources,
): { text: string; problems: Problem[] } {
  const problems: Problem[] = []
  const replaced = text.replace(REFERENCE, (_, kind: string, name: string) => {
    const found = kind === 'env' ? variable(name, sources) : secretFile(name, sources)
    if (typeof found === 'string') return found
    problems.push(found)
    return name
  })
  return { text: replaced, problems }
}

function variable(name: string, { env }: ReferenceSources): string | Problem {
  const found = Object.hasOwn(env, name) ? env[name] : undefined
  if (found !== undefined && found.trim() !== '') return found.replace(/[\r\n]+$/, '')
  const message = `the environment variable ${name} is ${found === undefined ? 'not set' : 'empty'}`
  return { message, fix: `Set ${name} where the receiver starts.` }
}

function secretFile(name: string, { directory, reader }: ReferenceSources): string | Problem {
  const target = resolve(directory, name)
  const read = secretOf(target, reader.read(target))
  if ('text' in read) return read.text
  return { message: `the secret's file ${read.reason}`, fix: 'Mount it, or correct the path.' }
}

/**
 * Gives the values of the secrets that destinations name, at the moment they are asked for: a file is read anew each
 * time. Two of them are equal as data when their references mean the same places.
 */
export class SecretReferences {
  readonly directory: string
  readonly #env: ReferenceSources['env']

  /** @param directory where relative paths start. */
  constructor(env: ReferenceSources['env'], directory: string) {
    this.#env = env
    this.directory = directory
  }

  /**
   * Returns the text with its references replaced by what they stand for now.
   * @throws SecretUnavailable when a variable or a file has no value.
   */
  read(text: string): string {
    const { directory } = this
    const sources = { env: this.#env, directory, reader: createContentReader() }
    const { text: value, problems } = replaceReferences(text, sources)
    const [first] = problems
    if (first !== undefined)
      throw new SecretUnavailable(`A secret cannot be read: ${first.message}.`, first.fix)
    return value
  }
}
