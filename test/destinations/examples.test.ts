import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { stringify } from 'yaml'
import { readEnvironment } from '../../receiver/config/environment/environment.ts'
import { loadConfig } from '../../receiver/config/load.ts'
import { DESTINATION_TYPES } from '../../receiver/destinations/index.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import { senderOf } from './context.ts'
import { delivery } from './event.ts'

/** Loads a configuration with one automation that has this destination; each secret it refers to is an address. */
function load(example: Record<string, unknown>) {
  const directory = mkdtempSync(join(tmpdir(), 'example-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const path = join(directory, 'model-dispatch.yaml')
  const automations = [{ name: 'example', events: ['LINK_ARTIFACT'], destinations: [example] }]
  const sources = { wandb: { type: 'wandb', secrets: ['${env:WANDB_WEBHOOK_SECRET}'] } }
  writeFileSync(path, stringify({ version: 1, sources, automations }))
  const names = JSON.stringify({ sources, example }).matchAll(/\$\{env:(\w+)\}/g)
  const secrets = Object.fromEntries(
    [...names].map(([, name = '']) => [name, `https://hooks.example/the-secret-of-${name}`]),
  )
  const environment = readEnvironment({ GITHUB_TOKEN: 'a-token' })
  return loadConfig({
    path,
    env: secrets,
    environment,
    sources: SOURCE_TYPES,
    destinations: DESTINATION_TYPES,
  })
}

describe.each([...DESTINATION_TYPES.values()])('the example of $type', (type) => {
  it('is a destination that a configuration takes as it is', () => {
    const { config } = load(type.example)
    expect(config.automations[0]?.destinations).toEqual([type.settings.parse(type.example)])
  })

  it('names a place to go, and renders a request without a secret in it', () => {
    const { config } = load(type.example)
    const secret = (text: string) => config.references.read(text)
    const sender = senderOf(type.type, { connections: config.connections, secret })
    const input = delivery(type.example)
    expect(sender.target(input).target).not.toBe('')
    const { url, body } = sender.render(input)
    expect(URL.canParse(url)).toBe(true)
    expect(JSON.stringify([url, body])).not.toContain('the-secret-of-')
  })

  it('comes with a guide and a table of answers', () => {
    expect(type.guide).toMatch(/^[A-Z]/)
    expect(new Set(type.answers.map(({ class: kind }) => kind))).toContain('success')
  })
})
