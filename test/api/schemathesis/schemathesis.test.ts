import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pythonProgram } from '../../registries/python.ts'
import { mustRun } from '../../support/must-run.ts'
import { ADMIN_TOKEN } from '../../support/receiver-process.ts'
import { startScene, type Scene } from '../../support/scene.ts'
import { aliasBody, sendWandb } from '../../support/send.ts'

const READER = 'the-token-of-the-viewer-01'
const CONFIG = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
automations:
  - name: deploy
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production }
    destinations: [{ type: repository_dispatch, repository: acme/serving }]
admin:
  tokens: [{ name: viewer, secret: ${READER}, role: read }]
`
const PROGRAM = pythonProgram('../schemathesis/bin/schemathesis')
const INSTALLED = mustRun(
  existsSync(PROGRAM),
  'Schemathesis, which tries every operation of openapi.json,',
  'it is missing; install it: bash .ci/python',
)
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
  'response_headers_conformance',
]
/** The stream does not end by itself. */
const ENDLESS = 'stream'

interface Document {
  paths: Record<string, Record<string, { operationId: string; parameters?: Parameter[] }>>
}
interface Parameter {
  in: string
  schema: object
}

/** Returns openapi.json with ids that there are, so that more than refusals is seen. */
function documentWith(ids: Record<string, string>): Document {
  const file = join(import.meta.dirname, '../../../schemas/openapi.json')
  const document = JSON.parse(readFileSync(file, 'utf8'), withoutClasses) as Document
  for (const [path, methods] of Object.entries(document.paths))
    for (const { parameters = [] } of Object.values(methods))
      for (const parameter of parameters.filter((one) => one.in === 'path'))
        parameter.schema = { type: 'string', enum: [ids[path.split('/')[3] ?? ''], 'nothing-like-this'] }
  return document
}

/** Leaves out patterns with classes of Unicode: Schemathesis makes no text for them. */
const withoutClasses = (key: string, value: unknown) =>
  key === 'pattern' && typeof value === 'string' && value.includes('\\p{') ? undefined : value

describe.runIf(INSTALLED)('Schemathesis, with a fixed seed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-schemathesis-'))
  const file = join(folder, 'openapi.json')
  let scene: Scene
  let operations = 0

  beforeAll(async () => {
    scene = await startScene({ config: CONFIG })
    const put = (path: string, body: unknown) =>
      scene.receiver.api(`/api/v1/${path}`, { method: 'PUT', body })
    await put('secrets/TEAM_HOOK', { value: 'a-value-that-nobody-sees', hosts: ['hooks.example.com'] })
    await put('automations/made-here', {
      events: ['LINK_ARTIFACT'],
      destinations: [{ type: 'repository_dispatch', repository: 'acme/other' }],
    })
    const { body } = await sendWandb(scene.receiver.url, aliasBody())
    await scene.receiver.waitFor(() => scene.receiver.logged('attempt').length > 0)
    const lanes = await scene.receiver.api('/api/v1/lanes')
    const [lane] = lanes.body['items'] as { lane: string }[]
    const document = documentWith({
      ...{ events: String(body['event_id']), deliveries: String(body['deliveries']) },
      ...{ automations: 'made-here', secrets: 'TEAM_HOOK', subjects: 'resnet50', lanes: lane?.lane ?? '' },
    })
    operations = Object.values(document.paths).flatMap((methods) => Object.keys(methods)).length
    writeFileSync(file, JSON.stringify(document))
  })
  afterAll(async () => {
    await scene.close()
    rmSync(folder, { recursive: true })
  })

  const run = async (token: string, args: string[]) => {
    const all = [
      ...['run', file, '--url', scene.receiver.url, '--header', `Authorization: Bearer ${token}`],
      ...['--exclude-operation-id', ENDLESS, '--checks', CHECKS.join(','), '--seed', '1', '--no-color'],
      ...['--continue-on-failure', '--max-examples', '3', ...args],
    ]
    const child = spawn(PROGRAM, all, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text))
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, output }
  }

  it.each([
    ['a token that writes', ADMIN_TOKEN, ['--phases', 'examples,coverage,fuzzing']],
    ['a token that reads', READER, ['--phases', 'examples,fuzzing']],
  ])(
    'finds no failure, no answer that is not documented, and none of another form: %s',
    async (_, token, args) => {
      const { code, output } = await run(token, args)
      expect(code, output).toBe(0)
      expect(output).toMatch(new RegExp(`Tested: ${operations - 1}\\n`))
      expect(scene.receiver.logged('request failed')).toEqual([])
      expect((await scene.receiver.api('/api/v1/session')).status).toBe(200)
    },
    240_000,
  )
})
