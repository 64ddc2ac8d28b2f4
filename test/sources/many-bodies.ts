import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readEnvironment } from '../../receiver/config/environment/environment.ts'
import { loadConfig } from '../../receiver/config/load.ts'
import { renderDeliveries } from '../../receiver/deliveries/dry-run.ts'
import { prepareEvent } from '../../receiver/deliveries/prepare-event.ts'
import { DESTINATION_TYPES } from '../../receiver/destinations/index.ts'
import type { GitHub } from '../../receiver/github/dispatch.ts'
import { NotAnEvent, parseJson } from '../../receiver/ingest/parse-json.ts'
import { createRuntime, type Runtime } from '../../receiver/runtime/runtime.ts'
import type { Source } from '../../receiver/runtime/sources.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import { createRandom, type Random } from '../scale/random.ts'
import { publicOutbound } from '../support/outbound.ts'

/** Every so many bodies, one goes all the way to the requests that would be sent; the others are parsed. */
const WHOLE_EVERY = 20

/** What came of many bodies. */
export interface Outcome {
  /** Bodies that were refused as no event of any kind: 400. */
  refused: number
  /** Events that were made. */
  events: number
  /** The most processor time that one body took, in ms. */
  slowest_ms: number
}

/** What a source type needs beside a secret, where it needs something. */
const SETTINGS = new Map([
  [
    'hmac',
    `
    fields:
      items: updates
      type: [{ header: X-Event }, type, action]
      model: data.model
      version: data.version
      alias: data.alias
      tag: data.tags
      author: sender.login
      occurred_at: at
      metadata: data.metadata`,
  ],
])
const SECRETS = new Map([['standard-webhooks', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw']])

const TYPES = [...SOURCE_TYPES.keys()]
const SOURCES = TYPES.map(
  (type) => `
  ${type}:
    type: ${type}
    secrets: [${SECRETS.get(type) ?? 'secret-of-the-tests'}]${SETTINGS.get(type) ?? ''}`,
)
const CONFIG = `version: 1
sources:${SOURCES.join('')}
github: { main: { repositories: ['acme/*'] } }
automations:
  - name: everything
    sources: [${TYPES.join(', ')}]
    events: ['*']
    if: '!has(event.metadata.accuracy) || double(event.metadata.accuracy) >= 0.0 || event.model.name.matches("^[a-z]+$")'
    destinations:
      - { type: repository_dispatch, repository: acme/serving }
      - type: repository_dispatch
        repository: 'acme/\${artifact_collection_name}'
        event_type: '\${event_type}-\${alias}'
        client_payload: { model: '\${event.model}', metadata: '\${event.metadata}', tag: '\${tag}' }
  - name: others
    sources: [${TYPES.join(', ')}]
    events: ['*']
    filter: { alias: ['prod*', '*a*b*c*d*e*f*'], model: '?*', author: '*@*' }
    destinations: [{ type: workflow_dispatch, repository: acme/serving, workflow: deploy.yml, ref: main }]
`

/** Returns a receiver's configuration in working form, with a source of every type that is named like its type. */
export function openRuntime(): Runtime {
  const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-bodies-'))
  try {
    const path = join(folder, 'model-dispatch.yaml')
    writeFileSync(path, CONFIG)
    const env = { GITHUB_TOKEN: 'ghp_tokenOfTheTests0001' }
    const types = { sources: SOURCE_TYPES, destinations: DESTINATION_TYPES }
    const { config } = loadConfig({ path, env, environment: readEnvironment(env), ...types })
    const address = () => 'https://api.github.com/'
    const github = { login: () => 'octocat', dispatchUrl: address, workflowUrl: address } as unknown as GitHub
    const named = { value: () => null } as never
    return createRuntime(config, {
      ...{ types, github, named, outbound: publicOutbound(), public_url: null, now: () => 0 },
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Takes bodies that were bent out of a source's samples through what happens to a verified body: parsed, and one in
 * {@link WHOLE_EVERY} also matched, planned and rendered. Throws, with the body, at whatever would have been a 500.
 */
export function takeMany(
  runtime: Runtime,
  type: string,
  { bodies, seed }: { bodies: number; seed: number },
): Outcome {
  const source = runtime.sources.get(type)
  if (source === undefined) throw new Error(`there is no source ${type}`)
  const bend = createBender(createRandom(seed), type)
  const outcome: Outcome = { refused: 0, events: 0, slowest_ms: 0 }
  for (let n = 0; n < bodies; n++) {
    const body = Buffer.from(bend())
    const whole = n % WHOLE_EVERY === 0
    const began = process.cpuUsage()
    try {
      const events = take(runtime, source, body, whole)
      if (events === null) outcome.refused++
      else outcome.events += events
    } catch (error) {
      throw new Error(`${type}, seed ${seed}, body ${n}: ${body.toString('utf8').slice(0, 2_000)}`, {
        cause: error,
      })
    }
    const { user, system } = process.cpuUsage(began)
    outcome.slowest_ms = Math.max(outcome.slowest_ms, (user + system) / 1_000)
  }
  return outcome
}

/** How many events came of a body; null where it is refused. */
function take(runtime: Runtime, source: Source, body: Buffer, whole: boolean): number | null {
  let json
  try {
    json = parseJson(body, source.lists ?? false)
  } catch (error) {
    if (error instanceof NotAnEvent) return null
    throw error
  }
  const found = source.parse(json, { body, headers: {}, query: new URLSearchParams(), now: 0 })
  for (const event of whole ? found : []) {
    const arrival = { raw: new Uint8Array(), received_at: 1_795_000_000_000, secret: null }
    const prepared = prepareEvent(runtime, source.config, event, arrival)
    renderDeliveries(runtime, prepared)
    JSON.stringify(prepared.record)
  }
  return found.length
}

/** Texts that have broken parsers: of prototypes, templates, paths, expressions that backtrack, and no text at all. */
const TEXTS: readonly string[] = [
  ...['', ' ', '\0', '\ud800', '\u202e', 'true', 'null', 'NaN', '1e999', '-0', '__proto__', 'constructor'],
  ...[
    '${alias}',
    '${event.model}',
    '${env:HOME}',
    '$${',
    '${',
    '}',
    '{{x}}',
    '::error::',
    '$(id)',
    '<!channel>',
  ],
  ...['a/b/c:v1', 'a/b/c:', ':v', '/', '//', 'wandb-artifact://_id/QQ==', 'wandb-artifact://', 'models:/m/1'],
  ...[
    'production',
    'ADD_ARTIFACT_ALIAS',
    'model_version.created',
    'refs/pr/1',
    'refs/heads/main',
    'v1',
    'v01',
  ],
  ...['2026-13-45T99:99:99Z', '2026-11-28T05:59:26.005329+00:00', '99999999999999999999', '0x10'],
  ...['a'.repeat(3_000), 'é'.repeat(3_000), ' '.repeat(3_000), '/'.repeat(3_000), ':'.repeat(3_000)],
  ...[
    '-'.repeat(3_000),
    '\\'.repeat(1_000),
    '"'.repeat(1_000),
    `${'a '.repeat(1_500)}!`,
    `${'1'.repeat(400)}.`,
  ],
]
const NUMBERS = [
  0,
  -1,
  1.5,
  1e308,
  -1e308,
  5e-324,
  2 ** 53,
  1_795_845_566,
  1_795_845_566_000,
  -62_135_596_800,
]

/** Returns what makes one hostile body after another, as text. */
function createBender(random: Random, type: string): () => string {
  const samples = Object.values(SOURCE_TYPES.get(type)?.samples ?? {}).map((sample) => JSON.stringify(sample))
  const keys = [
    ...new Set(samples.flatMap((text) => [...text.matchAll(/"([^"]+)":/g)].map(([, key = '']) => key))),
  ]
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)] as T

  const value = (depth: number): unknown => {
    const kind = random.below(depth > 3 ? 5 : 8)
    if (kind < 2) return pick(TEXTS)
    if (kind === 2) return pick(NUMBERS)
    if (kind === 3) return pick([null, true, false, [], {}])
    if (kind === 4) return JSON.parse(pick(samples)) as unknown
    if (kind === 5) return Array.from({ length: random.below(5) }, () => value(depth + 1))
    return Object.fromEntries(
      Array.from({ length: random.below(6) }, () => [
        random.chance(0.8) ? pick(keys) : pick(TEXTS),
        value(depth + 1),
      ]),
    )
  }
  const bent = (held: unknown, chance: number): unknown => {
    if (random.chance(chance)) return value(0)
    if (Array.isArray(held)) return held.map((item) => bent(item, chance))
    if (typeof held !== 'object' || held === null) return held
    const entries = Object.entries(held).filter(() => !random.chance(chance))
    if (random.chance(chance)) entries.push([pick(keys), value(0)])
    return Object.fromEntries(entries.map(([key, item]) => [key, bent(item, chance)]))
  }
  return () => {
    const body = JSON.parse(pick(samples)) as unknown
    const text = JSON.stringify(random.chance(0.02) ? value(0) : bent(body, pick([0.03, 0.1, 0.3])))
    const damage = random.below(200)
    if (damage === 0) return text.slice(0, random.below(text.length))
    if (damage === 1) return `${'['.repeat(random.below(100))}${text}`
    if (damage === 2) return text.replace('"', '"__proto__":{"x":1},"')
    if (damage === 3) return JSON.stringify(JSON.parse(text)).replaceAll('e', '\\u0065')
    if (damage === 4) return `{"client_payload":${text},"event_type":${JSON.stringify(pick(TEXTS))}}`
    return text
  }
}
