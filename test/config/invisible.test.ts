import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readEnvironment } from '../../receiver/config/environment/environment.ts'
import { loadConfig } from '../../receiver/config/load.ts'
import { DESTINATION_TYPES } from '../../receiver/destinations/index.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-invisible-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** A configuration in which one text can be set; the others are as they should be. */
function load(texts: Record<string, string>) {
  const at = (key: string, usual: string) => texts[key] ?? JSON.stringify(usual)
  const path = join(folder, 'model-dispatch.yaml')
  writeFileSync(
    path,
    `version: 1
sources:
  wandb: { type: wandb, insecure: true, allow: { entity: [${at('entity', 'my-team')}] } }
github:
  main: { repositories: [${at('repositories', 'acme/*')}] }
automations:
  - name: deploy
    events: [${at('events', 'ADD_ARTIFACT_ALIAS')}]
    filter: { alias: ${at('alias', 'production')}, alias_regex: ${at('alias_regex', '^prod')} }
    destinations:
      - { type: repository_dispatch, repository: ${at('repository', 'acme/serving')}, event_type: ${at('event_type', 'deploy')} }
`,
  )
  const env = { GITHUB_TOKEN: 'ghp_tokenOfTheTests0001' }
  const tables = { sources: SOURCE_TYPES, destinations: DESTINATION_TYPES }
  return loadConfig({ path, env, environment: readEnvironment(env), ...tables }).config
}

const PLACES = ['entity', 'repositories', 'events', 'alias', 'alias_regex', 'repository', 'event_type']
const USUAL: Record<string, string> = { repositories: 'acme/*', repository: 'acme/serving' }

describe('A text of the configuration that must equal another one', () => {
  const ends = [
    'TEXT\n',
    'TEXT ',
    ' TEXT',
    'TEXT\u200b',
    'TE\u200bXT',
    'TEXT\u00a0',
    '\ufeffTEXT',
    'TE\u202eXT',
  ]

  it.each(PLACES.flatMap((place) => ends.map((text) => ({ place, text }))))(
    'is refused with the place where it holds something invisible: $place as $text',
    ({ place, text }) => {
      const value = text
        .replace('TEXT', USUAL[place] ?? 'name')
        .replace(/TE(.)XT/, `${USUAL[place] ?? 'name'}$1x`)
      expect(() => load({ [place]: JSON.stringify(value) })).toThrow(/\.yaml:\d+: .*(one line|owner\/name)/)
    },
  )

  it('may hold blanks inside, any script, and the joiners that some scripts need', () => {
    const alias = 'ready for نمی\u200cخواهم and 模型'
    expect(load({ alias: JSON.stringify(alias) }).automations[0]?.filter.alias).toBe(alias)
  })

  it('is refused where a YAML block adds a line break, with the way to write it', () => {
    expect(() => load({ event_type: '"deploy-model\\n"' })).toThrow(
      /ends in a line break: put the text in quotes/,
    )
  })
})
