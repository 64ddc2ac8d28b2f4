import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { ConfigError, type ConfigProblem } from '../../receiver/config/config.ts'
import { readEnvironment } from '../../receiver/config/environment/environment.ts'
import { loadConfig } from '../../receiver/config/load.ts'
import { loadResolved } from '../../receiver/config/load-resolved.ts'
import { DESTINATION_TYPES } from '../../receiver/destinations/index.ts'
import { createGuard } from '../../receiver/outbound/guard.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import { startDns } from '../standins/dns.ts'

const SOURCE = 'version: 1\nsources: { wandb: { type: wandb, insecure: true } }\n'

/** One automation with a webhook to this URL, which stands in line 6. */
function automation(url: string, name = 'notify'): string {
  return `automations:
  - name: ${name}
    events: [LINK_ARTIFACT]
    destinations: [{ type: webhook, url: "${url}" }]
`
}

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'urls-'))
  return () => rmSync(directory, { recursive: true, force: true })
})

async function load(files: Record<string, string>, env: Record<string, string> = {}) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  const names = { 'inside.example.org': ['10.0.0.7'], 'outside.example.org': ['93.184.215.14'] }
  const dns = await startDns(names)
  onTestFinished(() => dns.close())
  const environment = readEnvironment(env)
  const options = {
    path: directory,
    env,
    environment,
    sources: SOURCE_TYPES,
    destinations: DESTINATION_TYPES,
  }
  const guard = createGuard(environment.outbound, { resolve: dns.resolve, env })
  return { guard, options, loaded: () => loadResolved(options, guard) }
}

async function problemsOf(loading: Promise<unknown>): Promise<readonly ConfigProblem[]> {
  try {
    await loading
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

describe('the URL of a destination', () => {
  it('inside the network is refused with its line, in the words of a request', async () => {
    for (const url of ['https://10.0.0.7/x', 'https://inside.example.org/x', 'http://outside.example.org/']) {
      const { guard, loaded } = await load({ 'a.yaml': SOURCE + automation(url) })
      const refusal = await guard.checkUrl(url)
      expect(await problemsOf(loaded())).toEqual([
        { file: join(directory, 'a.yaml'), line: 6, key: 'automations[0].destinations[0].url', ...refusal },
      ])
    }
  })

  it('is judged behind its references and before its words', async () => {
    const env = { WHERE: 'https://inside.example.org/s3cret' }
    for (const url of ['${env:WHERE}', 'https://inside.example.org/models/${alias}?x=${env:WHERE}']) {
      const { loaded } = await load({ 'a.yaml': SOURCE + automation(url) }, env)
      const problems = await problemsOf(loaded())
      expect(problems).toMatchObject([{ message: expect.stringContaining('leads to 10.0.0.7') as string }])
      expect(JSON.stringify(problems)).not.toContain('s3cret')
    }
  })

  it('passes where the operator allows it', async () => {
    const { loaded } = await load(
      { 'a.yaml': SOURCE + automation('http://inside.example.org/x') },
      { OUTBOUND_ALLOW_CIDRS: '10.0.0.0/8', OUTBOUND_ALLOW_HTTP: 'true' },
    )
    expect((await loaded()).config.automations).toHaveLength(1)
  })

  it('is not refused because its name cannot be resolved at the moment', async () => {
    const { loaded } = await load({ 'a.yaml': SOURCE + automation('https://gone.example.org/x') })
    expect((await loaded()).config.automations).toHaveLength(1)
  })

  it('refuses the file of one team alone', async () => {
    const { loaded } = await load({
      'a.yaml': SOURCE + automation('https://outside.example.org/'),
      'b.yaml': `version: 1\n${automation('https://inside.example.org/', 'other')}`,
    })
    const { config, team_problems } = await loaded()
    expect(config.automations.map(({ name }) => name)).toEqual(['notify'])
    expect(team_problems).toMatchObject([{ file: join(directory, 'b.yaml') }])
  })

  it('is judged by its text alone where nothing may be asked', async () => {
    const { options } = await load({ 'a.yaml': SOURCE + automation('https://inside.example.org/') })
    expect(loadConfig(options).config.automations).toHaveLength(1)
    const literal = await load({ 'a.yaml': SOURCE + automation('https://127.0.0.1/') })
    expect(() => loadConfig(literal.options)).toThrow('loopback')
  })
})

describe('a secret of a webhook in the configuration', () => {
  const webhook = (keys: string) => `${SOURCE}automations:
  - name: notify
    events: [LINK_ARTIFACT]
    destinations: [{ type: webhook, url: "https://outside.example.org/", ${keys} }]
`

  it.each([
    'access_token: "${env:KEY}"',
    'access_token: "${NAMED}"',
    'authorization: "Basic ${NAMED}"',
    'headers: { x-key: "${env:KEY}", x-model: "${artifact_collection_name}", x-plain: text, x-named: "${NAMED}" }',
    'body: { key: "${NAMED}", literal: "$${NAMED} $${env:KEY}" }',
  ])('may be written as %s, and stays as written', async (keys) => {
    const { loaded } = await load({ 'a.yaml': webhook(keys) }, { KEY: 'the-value-of-the-key' })
    const { config } = await loaded()
    expect(JSON.stringify(config.automations)).not.toContain('the-value-of-the-key')
  })

  it.each([
    ['access_token: the-token-itself', 'access_token', 'holds the secret itself', '${env:NAME}'],
    ['access_token: "$TOKEN"', 'access_token', 'is not a reference', '${env:TOKEN}'],
    ['access_token: "${ENV:KEY}"', 'access_token', 'is not a reference', '${env:KEY}'],
    ['headers: { x-key: "${ENV:KEY}" }', 'headers.x-key', 'is not a reference', '${env:KEY}'],
    ['headers: { x-key: "${env:GONE}" }', 'headers.x-key', 'GONE is not set', 'Set GONE'],
    ['body: { key: "${env:KEY}" }', 'body.key', 'does not work here', 'PUT /api/v1/secrets/NAME'],
  ])('is refused as %s', async (keys, key, message, fix) => {
    const { loaded } = await load({ 'a.yaml': webhook(keys) }, { KEY: 'the-value-of-the-key' })
    const problems = await problemsOf(loaded())
    expect(problems).toEqual([
      expect.objectContaining({
        key: `automations[0].destinations[0].${key}`,
        message: expect.stringContaining(message) as string,
        fix: expect.stringContaining(fix) as string,
      }),
    ])
    expect(JSON.stringify(problems)).not.toMatch(/the-token-itself|the-value-of/)
  })
})
