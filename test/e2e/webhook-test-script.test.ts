import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mustRun } from '../support/must-run.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, WANDB_SECRET } from '../support/send.ts'

/** The documents that the project implements, beside its root. */
const DOCUMENTS = join(import.meta.dirname, '..', '..', '..', 'shared', 'seeds')
const ACCESS_TOKEN = 'access-token-of-the-tests'

/** The script of the documents, character for character; null where they are not at hand. */
function documentedScript(): string | null {
  if (!existsSync(DOCUMENTS)) return null
  const name = readdirSync(DOCUMENTS).find((file) => /^002_.*\.txt$/.test(file)) ?? ''
  const text = readFileSync(join(DOCUMENTS, name), 'utf8')
  return /```sh title="webhook_test\.sh"\n([\s\S]*?)\n```/.exec(text)?.[1] ?? ''
}

interface Values {
  token?: string
  secret?: string
  /** Left out: the script's own. */
  payload?: string
}

const script = documentedScript()
const runs = mustRun(
  script !== null,
  "the documents' webhook_test.sh",
  'the documents are not beside the project',
)

describe.runIf(runs)("the documents' webhook_test.sh, run with bash, curl and openssl", () => {
  const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-script-'))
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene({
      config: `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'], access_token: '\${env:WANDB_ACCESS_TOKEN}' }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
automations:
  - name: deploy-production
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production }
    destinations: [{ type: repository_dispatch, repository: acme/serving }]
`,
      env: { WANDB_ACCESS_TOKEN: ACCESS_TOKEN },
    })
  })
  afterAll(async () => {
    await scene.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Runs the script with its values set as a person would; gives what it printed and the HTTP status. */
  async function run({ token = ACCESS_TOKEN, secret = WANDB_SECRET, payload }: Values = {}) {
    const set = (text: string, from: RegExp, to: string) => {
      expect(text).toMatch(from)
      return text.replace(from, () => to)
    }
    const url = `${scene.receiver.url}/webhooks/wandb`
    let text = set(script ?? '', /^ACCESS_TOKEN=.*$/m, `ACCESS_TOKEN="${token}"`)
    text = set(text, /^SECRET=.*$/m, `SECRET="${secret}"`)
    if (payload !== undefined) text = set(text, /^PAYLOAD=.*$/m, `PAYLOAD='${payload}'`)
    writeFileSync(join(folder, 'webhook_test.sh'), set(text, /API_ENDPOINT/, url))
    // curl reads this; the script itself stays as it is.
    writeFileSync(join(folder, '.curlrc'), 'silent\nwrite-out = "\\n%{http_code}"\n')
    const { stdout, code } = await bash(join(folder, 'webhook_test.sh'), folder)
    expect(code).toBe(0)
    const at = stdout.lastIndexOf('\n')
    return {
      status: Number(stdout.slice(at + 1)),
      body: JSON.parse(stdout.slice(0, at)) as Record<string, unknown>,
    }
  }

  it('is accepted with 202, and what it sends reaches GitHub', async () => {
    const { status, body } = await run({ payload: JSON.stringify(aliasBody()) })
    expect(status).toBe(202)
    expect(body).toMatchObject({
      status: 'accepted',
      event: 'ADD_ARTIFACT_ALIAS',
      matched: ['deploy-production'],
    })
    await expect.poll(() => scene.github.dispatches.length, { timeout: 5_000 }).toBe(1)
    expect(scene.github.dispatches[0]).toMatchObject({
      repository: 'acme/serving',
      client_payload: { alias: 'production', model_event: { id: body['event_id'] } },
    })
  })

  it('is accepted with its own default payload, and told which template lines to add', async () => {
    const { status, body } = await run()
    expect(status).toBe(202)
    expect(body).toMatchObject({ event: 'UNKNOWN', matched: [] })
    expect(body['hint']).toMatch(/Add these lines/)
  })

  it.each([
    ['a wrong secret', { secret: 'wrong' }],
    ['a wrong access token', { token: 'wrong' }],
  ])('is refused with 401 for %s', async (_, values) => {
    const { status, body } = await run(values)
    expect(status).toBe(401)
    expect(body).toMatchObject({ status: 'refused', error: 'unauthorized' })
  })
})

function bash(file: string, home: string): Promise<{ stdout: string; code: number | null }> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env['PATH'], HOME: home, CURL_HOME: home, NO_PROXY: '*' }
    const child = spawn('bash', [file], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => (stdout += part))
    child.on('error', reject).on('close', (code) => resolve({ stdout, code }))
  })
}
