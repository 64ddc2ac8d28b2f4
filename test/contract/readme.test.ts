import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NoOperationTraceWriter, convertWorkflowTemplate, parseWorkflow } from '@actions/workflow-parser'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readEnvironment } from '../../receiver/config/environment/environment.ts'
import { loadConfig } from '../../receiver/config/load.ts'
import { DESTINATION_TYPES } from '../../receiver/destinations/index.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import { parseAs } from '../sources/fixtures.ts'
import { wandb } from '../../receiver/sources/wandb/wandb.ts'
import type { JsonObject } from '../../src/contract/model-event.ts'
import { INPUT_NAMES } from '../../src/inputs.ts'
import { OUTPUT_NAMES } from '../../src/outputs.ts'
import { runAction } from '../support/run-action.ts'
import { runWorkflow, whatRan } from '../support/workflow-run.ts'
import {
  codeBlocks,
  contractExample,
  DOCUMENTS,
  jsonBlocks,
  readProject,
  ROOT,
  tableUnder,
  type CodeBlock,
} from './markdown.ts'

const README = readProject('README.md')

const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-readme-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

interface Placed extends CodeBlock {
  place: string
}

function blocksOf(language: string): Placed[] {
  return DOCUMENTS.flatMap((path) =>
    codeBlocks(readProject(path))
      .filter((block) => block.language === language)
      .map((block) => ({ ...block, place: `${path}:${block.line}` })),
  )
}

const YAML_BLOCKS = blocksOf('yaml').map((block) => ({ ...block, content: parse(block.text) as JsonObject }))
const CONFIGURATIONS = YAML_BLOCKS.filter(({ content }) => content['version'] === 1)
const WORKFLOWS = YAML_BLOCKS.filter(({ content }) => 'on' in content && 'jobs' in content)

describe('the README', () => {
  it('is a door, not a manual: under 200 lines', () => {
    expect(README.trimEnd().split('\n').length).toBeLessThan(200)
  })

  it('has the two set-up commands first', () => {
    const commands = codeBlocks(README).filter(({ language }) => language === 'sh')
    expect(commands.slice(0, 2).map(({ text }) => text.trim())).toEqual([
      'npm ci && npm run demo',
      'npm ci && npm test',
    ])
  })
})

describe('the architecture', () => {
  const names = tableUnder(readProject('docs/architecture.md'), '## Folders').flatMap(([cell = '']) =>
    Array.from(cell.matchAll(/`([^`]+)`/g), ([, name = '']) => name),
  )

  it('names folders and files that exist', () => {
    expect(names.filter((name) => !existsSync(join(ROOT, name)))).toEqual([])
  })

  it('names every folder and every file of the receiver', () => {
    const entries = readdirSync(join(ROOT, 'receiver'), { withFileTypes: true })
    const all = entries.map((entry) => `receiver/${entry.name}${entry.isDirectory() ? '/' : ''}`)
    expect(all.filter((name) => !names.includes(name))).toEqual([])
  })
})

describe('YAML blocks', () => {
  it('are each a whole configuration or a whole workflow', () => {
    const known = [...CONFIGURATIONS, ...WORKFLOWS].map(({ place }) => place)
    expect(YAML_BLOCKS.map(({ place }) => place).filter((place) => !known.includes(place))).toEqual([])
    expect(CONFIGURATIONS.length).toBeGreaterThanOrEqual(3)
    expect(WORKFLOWS.length).toBeGreaterThanOrEqual(1)
  })

  it.each(CONFIGURATIONS)('$place is a configuration that loads', ({ text }) => {
    expect(load(text).config.automations).not.toEqual([])
  })

  it.each(['examples/model-dispatch.yaml', 'examples/alerts.yaml', 'examples/demo/model-dispatch.yaml'])(
    '%s loads',
    (path) => {
      expect(load(readProject(path)).config.automations).not.toEqual([])
    },
  )
})

/** Loads a configuration with a placeholder for every variable and file that it names. */
function load(text: string): ReturnType<typeof loadConfig> {
  const path = join(folder, 'model-dispatch.yaml')
  writeFileSync(path, text.replaceAll('/run/secrets', folder))
  const filled = (kind: string) => text.matchAll(new RegExp(`\\$\\{${kind}:([^}]+)\\}`, 'g'))
  for (const [, file = ''] of filled('file')) {
    writeFileSync(file.replace('/run/secrets', folder), 'a placeholder of a secret')
  }
  const names = Array.from(filled('env'), ([, name = '']) => name)
  const placeholder = (name: string) => {
    if (name.endsWith('URL')) return 'https://hooks.example.com/a-placeholder'
    // In base64, as some secrets must be.
    return `whsec_${Buffer.from(`a placeholder of ${name}`).toString('base64')}`
  }
  const env = Object.fromEntries(names.map((name) => [name, placeholder(name)]))
  const environment = readEnvironment({ GITHUB_TOKEN: 'a-placeholder' })
  return loadConfig({ path, env, environment, sources: SOURCE_TYPES, destinations: DESTINATION_TYPES })
}

describe('workflow blocks', () => {
  const EXAMPLE = contractExample()

  it.each(WORKFLOWS)("$place is valid by GitHub's own parser", async ({ place, text }) => {
    const { context, value } = parseWorkflow({ name: place, content: text }, new NoOperationTraceWriter())
    if (value !== undefined) await convertWorkflowTemplate(context, value)
    expect(context.errors.getErrors().map(({ message }) => message)).toEqual([])
  })

  it.each(WORKFLOWS)('$place puts no value of an event into a script', ({ text }) => {
    const scripts = text.match(/^\s*(?:- )?run:.*$/gm) ?? []
    expect(scripts.length).toBeGreaterThan(0)
    expect(scripts.filter((script) => script.includes('${{'))).toEqual([])
  })

  it.each(WORKFLOWS)('$place names only inputs and outputs that the Action has', ({ text }) => {
    const outputs = Array.from(text.matchAll(/steps\.event\.outputs\.([a-z-]+)/g), ([, name]) => name)
    const inputs = Array.from(text.matchAll(/^ {10}([a-z-]+): /gm), ([, name]) => name)
    expect(OUTPUT_NAMES).toEqual(expect.arrayContaining(outputs))
    expect(INPUT_NAMES).toEqual(expect.arrayContaining(inputs))
  })

  it.each(WORKFLOWS)('$place deploys what becomes production, and nothing else', async ({ text }) => {
    const deployed = await jobsOf(text, EXAMPLE)
    expect(deployed).toContain('deploy/Deploy')
    expect(deployed).not.toContain('evaluate')
  })

  it.each(WORKFLOWS)('$place evaluates what is linked, and nothing else', async ({ text }) => {
    const event = EXAMPLE['model_event'] as JsonObject
    const linked = { ...event, type: 'LINK_ARTIFACT', kind: 'version.linked' }
    const ran = await jobsOf(text, { ...EXAMPLE, event_type: 'LINK_ARTIFACT', model_event: linked })
    expect(ran).toContain('evaluate/Evaluate')
    expect(ran).not.toContain('deploy')
  })

  it.each(WORKFLOWS)('$place does nothing for what the Action does not take', async ({ text }) => {
    expect(await jobsOf(text, { anything: 'else' })).toEqual(['parse', 'parse/event'])
  })
})

/** The jobs and steps that run, with the committed build of the Action. */
async function jobsOf(workflow: string, client_payload: JsonObject): Promise<string[]> {
  const [action = ''] = dispatchTypes(parse(workflow))
  const payload = { action, client_payload }
  const run = await runWorkflow(workflow, { name: 'repository_dispatch', payload }, async (inputs) => {
    const { exit_code, outputs } = await runAction({ inputs, event: payload })
    return { success: exit_code === 0, outputs }
  })
  return whatRan(run)
}

function dispatchTypes(workflow: unknown): string[] {
  const { on } = workflow as { on: { repository_dispatch: { types: string[] } } }
  return on.repository_dispatch.types
}

describe('the W&B set-up', () => {
  const payload = jsonBlocks('README.md').find((block) => block['event_type'] === '${event_type}') ?? {}

  it('has the payload that the source itself gives', () => {
    const [given] = codeBlocks(wandb.setup).filter(({ language }) => language === 'json')
    expect(payload).toEqual(JSON.parse(given?.text ?? ''))
  })

  it('has a script whose payload is an event of an automation, and which sends nothing', () => {
    const text = /^PAYLOAD='(.*)'$/m.exec(README)?.[1] ?? ''
    const parsed = parseAs(wandb, text)
    expect(parsed.map(({ event }) => [event.type, event.model?.registry, event.change.alias])).toEqual([
      ['ADD_ARTIFACT_ALIAS', 'model', 'production'],
    ])
    expect(README).toMatch(/"http:\/\/localhost:8080\/webhooks\/wandb\?dry_run=true"$/m)
  })
})
