import { OWN_SOURCE } from '../../src/contract/model-event.ts'
import type { Credentials, SourceType } from '../sources/source.ts'
import type { CheckUrl, LookupConfig, SourceConfig } from './config.ts'
import type { Fault } from './problems.ts'
import { SOURCE_KEYS, type LookupInput, type SourceInput } from './schema.ts'
import { parseDuration, parseSize } from './units.ts'

/** The least length of what a sender must know: shorter ones can be guessed. */
const LEAST_SECRET = 16

const CREDENTIALS = ['secrets', 'access_token', 'authorization'] as const

/** Returns a source with its defaults, and what is wrong with it. */
export function buildSource(
  name: string,
  input: SourceInput,
  type: SourceType,
  checkUrl: CheckUrl,
): { source: SourceConfig; faults: Fault[] } {
  const { secrets = [], access_token = null, authorization = null, insecure, allow, repeats } = input
  const source: SourceConfig = {
    name,
    type: input.type,
    credentials: { secrets, access_token, authorization },
    insecure,
    allow: Object.fromEntries(Object.entries(allow).filter(([, globs]) => globs !== undefined)),
    body_limit: parseSize(input.body_limit) ?? 0,
    dedupe_ms: input.dedupe_seconds === null ? null : Math.round(input.dedupe_seconds * 1_000),
    repeats,
    lookup: type.lookup === undefined ? null : lookupOf(input.lookup),
    silent_after_ms: input.silent_after === null ? null : parseDuration(input.silent_after),
    settings: settingsOf(input, type),
  }
  return {
    source,
    faults: [
      ...nameFaults(name),
      ...credentialFaults(name, source, type),
      ...ownFaults(source, type),
      ...silenceFaults(source, input),
      ...lookupFaults(source, checkUrl),
    ],
  }
}

/** Returns the keys that the type adds. */
function settingsOf(input: SourceInput, { lookup }: SourceType): Record<string, unknown> {
  const isOurs = (key: string) => SOURCE_KEYS.has(key) || (lookup !== undefined && key === 'lookup')
  return Object.fromEntries(Object.entries(input).filter(([key]) => !isOurs(key)))
}

function lookupOf(input: LookupInput | undefined): LookupConfig | null {
  if (input === undefined) return null
  const { mode, api_key = null, base_url } = input
  return { mode, api_key, base_url: base_url.replace(/\/+$/, '') }
}

function lookupFaults({ name, lookup }: SourceConfig, checkUrl: CheckUrl): Fault[] {
  if (lookup === null) return []
  const path = ['sources', name, 'lookup', 'base_url']
  const problem = checkUrl(lookup.base_url)
  if (problem !== null) return [{ path, ...problem }]
  const { search, hash } = new URL(lookup.base_url)
  if (search === '' && hash === '') return []
  const message = 'has a query or a fragment: paths are added at its end'
  return [{ path, message, fix: 'Write scheme, host and path alone, e.g. https://mlflow.example.com.' }]
}

function silenceFaults({ name, silent_after_ms }: SourceConfig, { silent_after }: SourceInput): Fault[] {
  if (silent_after === null || silent_after_ms !== null) return []
  return [
    { path: ['sources', name, 'silent_after'], message: 'is longer than ten years', fix: 'Shorten it.' },
  ]
}

function ownFaults(source: SourceConfig, type: SourceType): Fault[] {
  const faults = type.check?.(source) ?? []
  return faults.map((fault) => ({ ...fault, path: ['sources', source.name, ...fault.path] }))
}

function nameFaults(name: string): Fault[] {
  if (name !== OWN_SOURCE) return []
  const message = 'this name is reserved for events of the receiver itself'
  return [{ path: ['sources', name], at_key: true, message, fix: 'Give the source another name.' }]
}

function credentialFaults(name: string, { credentials, insecure }: SourceConfig, type: SourceType): Fault[] {
  const path = ['sources', name]
  const given = CREDENTIALS.filter((kind) => credentials[kind] !== null && credentials[kind].length > 0)
  const unsendable = given.filter((kind) => !type.credentials.includes(kind))
  const faults = unsendable.map((kind) => ({
    path: [...path, kind],
    message: `${type.title} cannot send this`,
    fix: `It can send: ${type.credentials.join(', ')}.`,
  }))
  if (insecure && given.length > 0) {
    const message = 'contradicts the credentials of this source'
    faults.push({ path: [...path, 'insecure'], message, fix: 'Remove `insecure: true`, or the credentials.' })
  }
  if (!insecure && given.length === 0) {
    const message = 'anybody could send to this source: it has no secret, token or authorization'
    const fix = `Add ${type.credentials.join(' or ')}, or say \`insecure: true\` on purpose.`
    faults.push({ path, message, fix })
  }
  return insecure ? faults : [...faults, ...shortSecrets(name, credentials)]
}

/** Returns the faults of secrets that can be guessed. Of `authorization` what follows the scheme counts. */
function shortSecrets(name: string, { secrets, access_token, authorization }: Credentials): Fault[] {
  const given: [path: Fault['path'], text: string | null][] = [
    ...secrets.map((text, index): [Fault['path'], string] => [['secrets', index], text]),
    [['access_token'], access_token],
    [['authorization'], authorization?.replace(/^\S+\s+/, '') ?? null],
  ]
  return given.flatMap(([path, text]) =>
    text === null || text.length >= LEAST_SECRET
      ? []
      : { path: ['sources', name, ...path], message: TOO_SHORT, fix: TOO_SHORT_FIX },
  )
}

const TOO_SHORT = `is shorter than ${LEAST_SECRET} characters: it could be guessed`
const TOO_SHORT_FIX =
  'Make one, here and in the registry: openssl rand -hex 32. To take requests of anybody, for a trial, leave it out ' +
  'and say `insecure: true`.'
