import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { ConfigError } from '../../receiver/config/config.ts'
import { loadToys } from './toys.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'load-'))
})

const TOYS = 'version: 1\nsources: { toys: { type: toy, insecure: true } }\n'
const NOTE = (name: string, more = '') =>
  `automations:\n  - name: ${name}\n    events: ["*"]\n    destinations: [{ type: toy_note }]\n${more}`

describe('a directory of configuration files', () => {
  it('is one configuration: sources, connections and automations of all files', () => {
    write({
      'a-platform.yaml': TOYS,
      'b-team.yml': `version: 1\n${NOTE('team')}`,
      'notes.txt': 'a',
      '.hidden.yaml': '{',
    })
    const { config, team_problems } = loadToys(directory)
    expect([...config.sources.keys()]).toEqual(['toys'])
    expect(config.automations.map(({ name }) => name)).toEqual(['team'])
    expect(team_problems).toEqual([])
  })

  it('refuses a faulty file alone', () => {
    write({ 'a.yaml': TOYS, 'b.yaml': `version: 1\n${NOTE('b')}`, 'c.yaml': 'version: 1\nautomation: []' })
    const { config, team_problems } = loadToys(directory)
    expect(config.automations.map(({ name }) => name)).toEqual(['b'])
    expect(team_problems).toMatchObject([{ file: join(directory, 'c.yaml'), line: 2, key: 'automation' }])
  })

  it('refuses the second file that takes a name, be it of an automation, source or connection', () => {
    const connection = 'github: { ghes: { token: a } }\n'
    write({ 'a.yaml': `${TOYS}${connection}${NOTE('a')}`, 'b.yaml': `${TOYS}${connection}${NOTE('a')}` })
    const { config, team_problems } = loadToys(directory)
    expect(config.automations).toHaveLength(1)
    expect(team_problems.map(({ file, key }) => [file, key])).toEqual([
      [join(directory, 'b.yaml'), 'sources.toys'],
      [join(directory, 'b.yaml'), 'github.ghes'],
      [join(directory, 'b.yaml'), 'automations[0].name'],
    ])
  })

  it('refuses what depends on a refused file, and says so', () => {
    const named = NOTE('b', '    sources: [toys]\n')
    write({ 'a.yaml': `${TOYS}typo: 1`, 'b.yaml': `version: 1\n${named}`, 'c.yaml': 'version: 1' })
    const { config, team_problems } = loadToys(directory)
    expect(config.automations).toEqual([])
    expect(team_problems.map(({ key }) => key)).toEqual(['typo', 'automations[0].sources[0]'])
  })

  it('keeps the last good text of a file that went wrong', () => {
    write({ 'a.yaml': TOYS, 'b.yaml': `version: 1\n${NOTE('b')}` })
    const { texts } = loadToys(directory)
    write({ 'b.yaml': 'version: 1\nautomations: [{}]' })
    const { config, team_problems } = loadToys(directory, undefined, { last_good: texts })
    expect(config.automations.map(({ name }) => name)).toEqual(['b'])
    expect(team_problems).not.toEqual([])
    rmSync(join(directory, 'b.yaml'))
    expect(loadToys(directory, undefined, { last_good: texts }).config.automations).toEqual([])
  })

  it('that holds nothing usable stops the start with all problems', () => {
    write({ 'a.yaml': 'version: 2', 'b.yaml': 'a: [' })
    expect(() => loadToys(directory)).toThrow(/a\.yaml:1: version(.|\n)*b\.yaml:1/)
    const empty = join(directory, 'empty')
    mkdirSync(empty)
    expect(() => loadToys(empty)).toThrow(ConfigError)
  })
})

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
}
