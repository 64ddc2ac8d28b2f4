import { resolve } from 'node:path'
import type { Problem } from '../../src/contract/problem.ts'
import { nearestWord } from '../../src/contract/nearest-word.ts'
import { SecretUnavailable } from '../destinations/destination.ts'
import { cleanSecret, type CleanSecret, type SecretCut } from '../secrets/clean.ts'
import { REFERENCE } from '../secrets/settings.ts'
import { isQuoted, QUOTED } from './quoted.ts'
import { createContentReader, secretOf, type ContentReader } from './content.ts'

/** Where `${env:…}` and `${file:…}` are looked up. */
export interface ReferenceSources {
  env: Readonly<Record<string, string | undefined>>
  /** Where relative paths of `${file:…}` start: the directory of the configuration file. */
  directory: string
  reader: ContentReader
  /** Told of what was cut off around a secret. */
  onCut?: (cut: SecretCut) => void
}

/** Returns the text with every reference replaced by its value, and what is wrong with those that have none. */
export function replaceReferences(
  text: string,
  sources: ReferenceSources,
): { text: string; problems: Problem[] } {
  const problems: Problem[] = []
  const replaced = text.replace(REFERENCE, (_, kind: string, name: string) => {
    const found = kind === 'env' ? variable(name, sources) : secretFile(name, sources)
    if ('fix' in found) {
      problems.push(found)
      return name
    }
    const { from, text: value, cut } = found
    if (cut !== null) sources.onCut?.({ from, cut })
    return value
  })
  return { text: replaced, problems }
}

/** A secret where it was found. */
interface Found extends CleanSecret {
  from: string
}

function variable(name: string, { env }: ReferenceSources): Found | Problem {
  const found = Object.hasOwn(env, name) ? env[name] : undefined
  const secret = cleanSecret(found ?? '')
  if (isQuoted(secret.text))
    return { message: `the environment variable ${name} ${QUOTED.message}`, fix: QUOTED.fix }
  if (secret.text !== '') return { ...secret, from: `the environment variable ${name}` }
  const message = `the environment variable ${name} is ${found === undefined ? 'not set' : 'empty'}`
  const near = found === undefined ? nearestWord(name, Object.keys(env)) : null
  const meant = near === null ? '' : ` ${near} is set: if that one is meant, write "\${env:${near}}".`
  return { message, fix: `Set ${name} where the receiver starts.${meant}` }
}

function secretFile(name: string, { directory, reader }: ReferenceSources): Found | Problem {
  const target = resolve(directory, name)
  const read = secretOf(target, reader.read(target))
  if ('text' in read) return { ...read, from: `the file ${target}` }
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
