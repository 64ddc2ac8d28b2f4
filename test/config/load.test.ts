import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { readEnvironment } from '../../receiver/config/environment/environment.ts'
import { loadConfig } from '../../receiver/config/load.ts'
import { SecretUnavailable } from '../../receiver/destinations/destination.ts'
import { DESTINATION_TYPES } from '../../receiver/destinations/index.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import { loadToys } from './toys.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'load-'))
})

const TOYS = 'version: 1\nsources: { toys: { type: toy, insecure: true } }\n'
const NOTE = (name: string, more = '') =>
  `automations:\n  - name: ${name}\n    events: ["*"]\n    destinations: [{ type: toy_note }]\n${more}`

describe('a configuration file', () => {
  it('gives sources with their secrets resolved and their defaults filled in', () => {
    writeFileSync(join(directory, 'secret'), 'a-secret-from-a-file\n')
    const { config } = load(`version: 1
sources:
  toys:
    type: toy
    secrets: ["\${env:TOY_SECRET}", "\${file:secret}", "\${file:${directory}/secret}"]
    access_token: "Key \${env:TOY_SECRET}"
    allow: { entity: ["my-*"] }
    body_limit: 512KiB
    dedupe_seconds: 1.5
    lookup: { api_key: "\${env:TOY_SECRET}" }
`)
    expect(config.sources.get('toys')).toEqual({
      name: 'toys',
      type: 'toy',
      credentials: {
        secrets: ['a-secret-of-the-toys', 'a-secret-from-a-file', 'a-secret-from-a-file'],
        access_token: 'Key a-secret-of-the-toys',
        authorization: null,
      },
      insecure: false,
      allow: { entity: ['my-*'] },
      body_limit: 524_288,
      dedupe_ms: 1_500,
      repeats: 'accept',
      lookup: null,
      silent_after_ms: null,
      settings: { colour: 'red', lookup: { api_key: 'a-secret-of-the-toys' } },
    })
  })

  it('gives automations with their defaults filled in', () => {
    const { config } = load(`${TOYS}${NOTE('tell')}`)
    expect(config.automations).toEqual([
      {
        name: 'tell',
        description: null,
        status: 'active',
        sources: ['toys'],
        events: ['*'],
        filter: {},
        if: null,
        order: 'none',
        supersede: 'retrying',
        expires_after_ms: null,
        destinations: [{ type: 'toy_note', text: '' }],
      },
    ])
  })

  it.each([
    [
      'strict where one destination starts something',
      '{ type: toy_note }, { type: toy_run, repository: a/b }',
      'strict',
    ],
    ['none where all only tell', '{ type: toy_note }, { type: toy_note }', 'none'],
  ])('orders deliveries: %s', (_, destinations, order) => {
    const { config } = load(
      `${TOYS}automations:\n  - name: a\n    events: [TOY_MADE]\n    destinations: [${destinations}]\n`,
    )
    expect(config.automations[0]?.order).toBe(order)
  })

  it('may name every source, and then events of any of them', () => {
    const named = (event: string) =>
      load(`${TOYS}automations:
  - { name: all, sources: ['*'], events: [${event}], filter: { alias: '*' }, destinations: [{ type: toy_note }] }
`)
    expect(named('alias.added').config.automations[0]?.sources).toEqual(['*'])
    expect(() => named('MODEL_DELETED')).toThrow(/"MODEL_DELETED" is no event of \*/)
  })

  it('understands every unit of time', () => {
    const days = ['45s', '10m', '72h', '30d'].map(
      (text) =>
        load(`${TOYS}${NOTE('a', `    expires_after: ${text}\n`)}`).config.automations[0]?.expires_after_ms,
    )
    expect(days).toEqual([45_000, 600_000, 259_200_000, 2_592_000_000])
  })

  it.each([
    ['an alias', 'events: [alias.added]\n    filter: { alias: "*" }'],
    ['a pattern of an alias', 'events: [TOY_NAMED]\n    filter: { alias_regex: "^prod" }'],
    ['a condition', 'events: [TOY_NAMED]\n    if: event.change.alias == "production"'],
    ['a tag', 'events: [TOY_TAGGED]\n    filter: { tag: [a, b] }'],
    ['all events', 'events: ["*"]'],
  ])('takes events that move a pointer with %s', (_, keys) => {
    const yaml = `${TOYS}automations:\n  - name: a\n    destinations: [{ type: toy_note }]\n    ${keys}\n`
    expect(load(yaml).config.automations).toHaveLength(1)
  })

  it('keeps what it says of retention and limits, and has defaults for them', () => {
    const said = load('version: 1\nretention: { failed: 1d }\nlimits: { backlog: 5 }').config
    expect(said.retention).toEqual({ succeeded_ms: 2_592_000_000, failed_ms: 86_400_000 })
    expect(said.limits).toEqual({ backlog: 5 })
    const unsaid = load('version: 1').config
    expect(unsaid.retention).toEqual({ succeeded_ms: 2_592_000_000, failed_ms: 7_776_000_000 })
    expect(unsaid.limits).toEqual({ backlog: 1_000_000 })
  })

  it('may keep anchors under x- and merge them', () => {
    const { config } = load(`${TOYS}x-mine: &mine
  description: shared
  destinations: [{ type: toy_note }]
automations:
  - <<: *mine
    name: a
    events: ["*"]
`)
    expect(config.automations[0]).toMatchObject({ name: 'a', description: 'shared' })
  })

  it('keeps references to secrets of a destination as written: automations are stored and shown', () => {
    const yaml = `${TOYS}automations:\n  - name: a\n    events: ["*"]\n    destinations: [{ type: toy_note, token: "\${env:TOY_SECRET}" }]\n`
    expect(load(yaml).config.automations[0]?.destinations[0]?.['token']).toBe('${env:TOY_SECRET}')
  })

  it('gives the secret of a destination as it is when it is asked for', () => {
    writeFileSync(join(directory, 'secret'), 'old\n')
    const yaml = `${TOYS}automations:\n  - name: a\n    events: ["*"]\n    destinations: [{ type: toy_note, token: "Bearer \${file:secret}" }]\n`
    const { references } = load(yaml).config
    expect(references.read('Bearer ${file:secret}')).toBe('Bearer old')
    writeFileSync(join(directory, 'secret'), 'new\n')
    expect(references.read('Bearer ${file:secret}')).toBe('Bearer new')
    rmSync(join(directory, 'secret'))
    expect(() => references.read('Bearer ${file:secret}')).toThrow(SecretUnavailable)
    expect(() => references.read('${env:NOPE}')).toThrow(/NOPE is not set/)
  })

  it('says which files it was read from', () => {
    writeFileSync(join(directory, 'secret'), 'a-secret-from-a-file')
    const { files } = load('version: 1\nsources: { toys: { type: toy, secrets: ["${file:secret}"] } }')
    expect(files).toEqual([join(directory, 'one.yaml'), join(directory, 'secret')])
  })

  it('that is missing is named with the way to set it', () => {
    expect(() => loadToys(join(directory, 'none.yaml'))).toThrow(
      /none\.yaml: \(file\): cannot be read \(ENOENT\)/,
    )
    expect(() => loadToys(join(directory, 'none.yaml'))).toThrow(/MODEL_DISPATCH_CONFIG/)
  })
})

describe('the GitHub connection main', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
  const parsed = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

  it('comes from the environment, and may send to what automations name word for word', () => {
    const { config } = load(`${TOYS}automations:
  - name: a
    events: ["*"]
    destinations: [{ type: toy_run, repository: acme/one }, { type: toy_run, repository: acme/two }]
`)
    expect([...config.connections.values()]).toEqual([
      {
        name: 'main',
        api_url: 'https://api.github.com',
        auth: { kind: 'token', token: 'a-token' },
        repositories: ['acme/one', 'acme/two'],
        listed: false,
        writes_per_second: 1,
      },
    ])
  })

  it('takes from the environment what the file leaves out', () => {
    const env = {
      GITHUB_APP_ID: '12',
      GITHUB_APP_PRIVATE_KEY: pem,
      GITHUB_API_URL: 'https://ghes.example/api/v3/',
    }
    const { config } = load(
      'version: 1\ngithub: { main: { repositories: ["acme/*"], writes_per_second: 0 } }',
      env,
    )
    expect(config.connections.get('main')).toEqual({
      name: 'main',
      api_url: 'https://ghes.example/api/v3',
      auth: { kind: 'app', app_id: '12', private_key: parsed },
      repositories: ['acme/*'],
      listed: true,
      writes_per_second: 0,
    })
  })

  it('is what the file says where the file spells it out', () => {
    const env = { GITHUB_TOKEN: 'a', KEY: pem.replaceAll('\n', '\\n') }
    const yaml =
      'version: 1\ngithub: { main: { app_id: 7, private_key: "${env:KEY}", api_url: https://api.x.ghe.com/ } }'
    expect(load(yaml, env).config.connections.get('main')).toMatchObject({
      api_url: 'https://api.x.ghe.com',
      auth: { kind: 'app', app_id: '7', private_key: parsed },
    })
  })

  it('is not needed where nothing goes to GitHub', () => {
    expect(load(`${TOYS}${NOTE('a')}`, {}).config.connections.size).toBe(0)
  })

  it('takes a templated repository when the file lists repositories', () => {
    const { config } = load(`${TOYS}github: { main: { repositories: ["acme/*"] } }
automations:
  - name: a
    events: ["*"]
    destinations: [{ type: toy_run, repository: "acme/\${artifact_collection_name}" }]
`)
    expect(config.connections.get('main')?.repositories).toEqual(['acme/*'])
  })
})

describe('a secret that editors and shells have put something around', () => {
  const SECRET = 'a-secret-from-a-file'
  const read = (text: string | Buffer) => {
    writeFileSync(join(directory, 'around'), text)
    const { config, cuts } = load(
      `version: 1\nsources: { toys: { type: toy, secrets: ["\${file:around}"], access_token: "\${env:AROUND}" } }`,
      { GITHUB_TOKEN: 'a', AROUND: text.toString() },
    )
    return { credentials: config.sources.get('toys')?.credentials, cuts }
  }

  it.each([
    ['a byte order mark', `\ufeff${SECRET}\n`, 'a byte order mark (U+FEFF) at the start'],
    ['a line break of Windows', `${SECRET}\r\n`, 'a line break of Windows (CR LF) at the end'],
    ['several line breaks', `${SECRET}\n\n`, 'white space at the end'],
    ['blanks and both', `\ufeff  ${SECRET} \r\n`, 'white space at the start and white space at the end'],
  ])('is used without %s, and what was cut is said', (_, text, cut) => {
    const { credentials, cuts } = read(text)
    expect(credentials).toMatchObject({ secrets: [SECRET], access_token: SECRET })
    expect(cuts).toEqual([
      { from: `the file ${join(directory, 'around')}`, cut },
      { from: 'the environment variable AROUND', cut },
    ])
    expect(JSON.stringify(cuts)).not.toContain(SECRET)
  })

  it.each([SECRET, `${SECRET}\n`])('is used as it is where every editor writes it so: %j', (text) => {
    expect(read(text)).toMatchObject({ credentials: { secrets: [SECRET] }, cuts: [] })
  })
})

describe('the shipped example', () => {
  const example = 'examples/model-dispatch.yaml'

  it('is a valid configuration', () => {
    const env = { WANDB_WEBHOOK_SECRET: 'a-secret-of-the-example', GITHUB_TOKEN: 'b' }
    const environment = readEnvironment(env)
    const tables = { sources: SOURCE_TYPES, destinations: DESTINATION_TYPES }
    const { config } = loadConfig({ path: example, env, environment, ...tables })
    expect(config.automations.map(({ name }) => name)).toEqual(['deploy-production', 'evaluate-candidates'])
  })

  it('names the schema that editors check it by', () => {
    const [first] = readFileSync(example, 'utf8').split('\n')
    expect(first).toBe('# yaml-language-server: $schema=../schemas/model-dispatch.schema.json')
  })
})

function load(yaml: string, env?: Record<string, string>) {
  write({ 'one.yaml': yaml })
  return loadToys(join(directory, 'one.yaml'), env)
}

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
}
