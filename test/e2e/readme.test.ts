import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codeBlocks, readProject } from '../contract/markdown.ts'
import { startScene, type Scene } from '../support/scene.ts'

const BLOCKS = codeBlocks(readProject('README.md'))
const blockOf = (language: string, part: string) =>
  BLOCKS.find((block) => block.language === language && block.text.includes(part))?.text ?? ''

describe("the README's way to the first dispatch, as it is written", () => {
  const script = blockOf('sh', 'PAYLOAD=')
  const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-readme-'))
  let scene: Scene
  beforeAll(async () => {
    await bash(blockOf('sh', '> .env'), folder)
    const { GITHUB_TOKEN, ...secrets } = parseEnv(readFileSync(join(folder, '.env'), 'utf8'))
    expect(GITHUB_TOKEN).toMatch(/^github_pat_/)
    scene = await startScene({
      config: blockOf('yaml', 'version: 1'),
      env: secrets,
    })
  })
  afterAll(async () => {
    await scene.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Runs the script; only the receiver's port differs from what a reader has. */
  const answerTo = async (text: string) =>
    JSON.parse(await bash(text.replace('http://localhost:8080', scene.receiver.url), folder)) as Record<
      string,
      unknown
    >

  const dispatch = {
    repository: 'acme/serving',
    event_type: 'deploy-model',
    client_payload: { artifact_collection_name: 'resnet50', alias: 'production' },
  }

  it('has a test that shows the dispatch and sends nothing', async () => {
    const answer = await answerTo(script)
    expect(answer).toMatchObject({ status: 'dry_run', matched: ['deploy-production'] })
    expect(JSON.stringify(answer['requests'])).toContain('/repos/acme/serving/dispatches')
    expect(scene.github.dispatches).toEqual([])
  })

  it('dispatches the same event without dry_run', async () => {
    const answer = await answerTo(script.replace('?dry_run=true', ''))
    expect(answer).toMatchObject({ status: 'accepted', matched: ['deploy-production'] })
    await expect.poll(() => scene.github.dispatches.length).toBe(1)
    expect(scene.github.dispatches[0]).toMatchObject(dispatch)
  })
})

/** Runs a script in a folder and returns what it printed. */
function bash(text: string, cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env['PATH'], NO_PROXY: '*' }
    const child = spawn('bash', ['-c', text], { cwd, env, stdio: ['ignore', 'pipe', 'ignore'] })
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => (stdout += part))
    child.on('error', reject).on('close', (code) => {
      if (code === 0) resolve(stdout)
      else reject(new Error(`The script ended with ${code ?? 'a signal'}.`))
    })
  })
}
