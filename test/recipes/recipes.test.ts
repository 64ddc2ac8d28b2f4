import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { compileChecks, runChecks } from '../../receiver/automations/match.ts'
import { readEnvironment } from '../../receiver/config/environment/environment.ts'
import { loadConfig } from '../../receiver/config/load.ts'
import { DESTINATION_TYPES } from '../../receiver/destinations/index.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import { standardWebhooks } from '../../receiver/sources/standard-webhooks/standard-webhooks.ts'
import type { Json, ModelEvent } from '../../src/contract/model-event.ts'
import { readProject } from '../contract/markdown.ts'
import { connected, requestOf } from '../sources/fixtures.ts'
import { mustRun } from '../support/must-run.ts'

/** What becomes of the body of a recipe: a title, and the automations that match, for each event. */
interface Recipe {
  page: string
  source: string
  /** Which of the page's bodies, in their order. */
  body?: number
  stated?: string
  headers?: Record<string, string>
  events: [title: string, ...automations: string[]][]
}

const RECIPES: Recipe[] = [
  {
    page: 'langfuse',
    source: 'langfuse',
    events: [['summarise 7 -> production by Jane', 'ship-prompt'], ['summarise 7 -> latest by Jane']],
  },
  {
    page: 'unity-catalog',
    source: 'unity-catalog',
    stated: 'alias.added',
    events: [
      ['prod.vision.resnet50 3 -> champion', 'deploy-champion'],
      ['prod.text.summarise 12 -> champion'],
    ],
  },
  {
    page: 'comet',
    source: 'comet',
    stated: 'stage.changed',
    events: [['resnet50 1.2.0 -> production', 'deploy-production']],
  },
  {
    page: 'github',
    source: 'github',
    headers: { 'x-github-event': 'release' },
    events: [['resnet50 v3 created by jane', 'evaluate-release']],
  },
  {
    page: 'sagemaker-azure',
    source: 'sagemaker',
    stated: 'stage.changed',
    events: [['abalone 2 -> Approved', 'deploy-approved']],
  },
  {
    page: 'sagemaker-azure',
    source: 'azure-ml',
    body: 1,
    events: [['sklearn_regression_model 20 created', 'evaluate-new']],
  },
]

const PYTHON = mustRun(
  spawnSync('python3', ['--version']).status === 0,
  'the notebook of a recipe',
  'python3 is missing',
)

/** What a notebook has around it: widgets, secrets, and a network that prints what would be sent. */
const NOTEBOOK = `
import json, sys, urllib.request
class Widgets:
    def get(self, name): return {"updates": sys.argv[1], "run": "42"}[name]
class Secrets:
    def get(self, scope, key): return sys.argv[2]
class Utils:
    widgets, secrets = Widgets(), Secrets()
dbutils = Utils()
class Response:
    def read(self): return b""
def urlopen(request, timeout):
    print(json.dumps({"body": request.data.decode(), "headers": dict(request.header_items())}))
    return Response()
urllib.request.urlopen = urlopen
`

const blocks = (page: string, language: string) =>
  Array.from(
    readProject(`docs/recipes/${page}.md`).matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm')),
    ([, text = '']) => text,
  )

describe('a recipe', () => {
  const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-recipes-'))
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  it.each(RECIPES)('of $page gives what its page says for the body of $source', (recipe) => {
    const { page, source: name, body: index = 0, stated, headers = {}, events } = recipe
    const path = join(folder, 'model-dispatch.yaml')
    const [text = ''] = blocks(page, 'yaml')
    writeFileSync(path, text)
    const env = Object.fromEntries(
      Array.from(text.matchAll(/\$\{env:(\w+)\}/g), ([, key = '']) => [key, 'whsec_cGxhY2Vob2xkZXI=']),
    )
    const environment = readEnvironment({ GITHUB_TOKEN: 'a-placeholder' })
    const types = { sources: SOURCE_TYPES, destinations: DESTINATION_TYPES }
    const { config } = loadConfig({ path, env, environment, ...types })
    const source = config.sources.get(name)
    if (source === undefined) throw new Error(`there is no source ${name}`)
    const body = blocks(page, 'json')[index] ?? ''
    const query = new URLSearchParams(stated === undefined ? {} : { event: stated })
    const parsed = SOURCE_TYPES.get(source.type)
      ?.connect(source)
      .parse(JSON.parse(body) as Json, { body: Buffer.from(body), headers, query, now: 0 })
    const given = parsed?.map(({ event }) => {
      const whole = { ...event, source: { name, type: source.type } } as ModelEvent
      const matched = config.automations.filter(
        (spec) => runChecks(spec.name, compileChecks(spec), whole).matched,
      )
      return [event.title, ...matched.map((spec) => spec.name)]
    })
    expect(given).toEqual(events)
  })

  it.runIf(PYTHON)('of unity-catalog has a notebook whose signature the source accepts', () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    const updates = '[{"full_name":"prod.vision.modèle","version":3,"alias_name":"champion"}]'
    const [code = ''] = blocks('unity-catalog', 'python')
    const { stdout } = spawnSync('python3', ['-c', NOTEBOOK + code, updates, secret], { encoding: 'utf8' })
    const sent = JSON.parse(stdout) as { body: string; headers: Record<string, string> }
    const headers = Object.fromEntries(
      Object.entries(sent.headers).map(([name, value]) => [name.toLowerCase(), value]),
    )
    const now = Number(headers['webhook-timestamp']) * 1000
    const source = connected(standardWebhooks, { secrets: [secret] })
    const verdict = source.verify({ ...requestOf(sent.body, { headers }), now })
    expect(verdict).toEqual({ ok: true, secret: 0 })
    expect([sent.body, headers['webhook-id']]).toEqual([updates, 'run-42'])
  })

  it('has a test for each page', () => {
    const pages = readdirSync(join(import.meta.dirname, '../../docs/recipes')).filter(
      (page) => page !== 'README.md',
    )
    expect(pages.sort()).toEqual([...new Set(RECIPES.map(({ page }) => `${page}.md`))].sort())
  })
})
