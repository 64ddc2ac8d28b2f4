import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CLI_PAGE, cliPage } from '../../scripts/docs/cli-page.ts'
import { freePort } from '../support/free-port.ts'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody } from '../support/send.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const SECRET = 'signing-secret-of-the-command-line-tests'
const STANDARD = `whsec_${Buffer.from(SECRET).toString('base64')}`
const TYPES = ['wandb', 'databricks', 'mlflow', 'huggingface', 'standard-webhooks', 'hmac']
const CONFIG = `version: 1
sources:
${TYPES.map((type) => `  ${type}: { type: ${type}, secrets: [${type === 'standard-webhooks' ? STANDARD : SECRET}] }`).join('\n')}
  stripe:
    type: hmac
    secrets: [${SECRET}]
    signature: { header: Stripe-Signature, pattern: 't={timestamp},v1={signature}', signed: '{timestamp}.{body}' }
github: { main: { repositories: ['acme/*'], writes_per_second: 0 } }
automations:
  - name: deploy
    sources: [wandb]
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production }
    destinations: [{ type: repository_dispatch, repository: acme/serving, event_type: deploy-model }]
`

interface Ended {
  status: number | null
  stdout: string
  stderr: string
}

/** Runs a command to its end. The receiver's configuration and variables count. */
async function run(scene: Scene, args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const child = spawn(process.execPath, ['receiver/main.ts', ...args], {
    cwd: ROOT,
    timeout: 30_000,
    env: {
      PATH: process.env['PATH'],
      HOST: '127.0.0.1',
      PORT: new URL(scene.receiver.url).port,
      MODEL_DISPATCH_CONFIG: scene.receiver.config_path,
      GITHUB_TOKEN: 'ghp_tokenOfTheTests0001',
      GITHUB_API_URL: scene.github.url,
      DATA_DIR: scene.receiver.data_dir,
      ADMIN_TOKEN,
      ...env,
    },
  })
  const ended = { stdout: '', stderr: '' }
  child.stdout.on('data', (text: Buffer) => (ended.stdout += text.toString()))
  child.stderr.on('data', (text: Buffer) => (ended.stderr += text.toString()))
  const status = await new Promise<number | null>((done) => child.on('close', done))
  return { status, ...ended }
}

describe('the commands', () => {
  let scene: Scene
  const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-commands-'))
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  beforeAll(async () => {
    scene = await startScene({ config: CONFIG })
  })
  afterAll(async () => {
    await scene.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('check says that a receiver would start, with the URL of each source', async () => {
    const { status, stdout } = await run(scene, ['check', scene.receiver.config_path])
    expect(stdout).toContain('A receiver would start with 7 sources and 1 automation.')
    expect(stdout).toContain('wandb: https://YOUR-RECEIVER/webhooks/wandb')
    expect(status).toBe(0)
  })

  it('check names each problem with its line and fix, and as JSON, with code 2', async () => {
    const path = file('wrong.yaml', CONFIG.replace('filter:', 'filtre:'))
    const text = await run(scene, ['check', path])
    expect(text.stderr).toMatch(
      /A receiver would not start\. .*\n.*wrong\.yaml:\d+: automations\[0\]\.filtre/,
    )
    const json = await run(scene, ['check', path, '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      problems: [{ key: 'automations[0].filtre' }],
    })
    expect([text.status, json.status]).toEqual([2, 2])
  })

  it('check --diff names the automations that a running receiver has otherwise, not at all, or alone', async () => {
    const same = await run(scene, ['check', '--diff'])
    expect(same.stdout).toContain('Nothing differs from what is in force.')
    const path = file('other.yaml', CONFIG.replace('alias: production', 'alias: staging'))
    expect((await run(scene, ['check', path, '--diff'])).stdout).toContain('  ~ deploy\n')
    const renamed = file('renamed.yaml', CONFIG.replace('name: deploy', 'name: release'))
    expect((await run(scene, ['check', renamed, '--diff'])).stdout).toContain('  - deploy\n  + release\n')
  })

  it.each([...TYPES, 'stripe'])(
    'send signs as the source %s needs, and the receiver takes it',
    async (source) => {
      const { status, stdout } = await run(scene, ['send', '--source', source, '--dry-run', '--json'])
      expect(JSON.parse(stdout)).toMatchObject({ status: 200 })
      expect(status).toBe(0)
    },
  )

  it('send, explain and replay follow one event', async () => {
    const sent = await run(scene, [
      'send',
      '--source',
      'wandb',
      '--event',
      'ADD_ARTIFACT_ALIAS',
      '--set',
      'alias=production',
      '--json',
    ])
    const { body } = JSON.parse(sent.stdout) as { body: { event_id: string } }
    const explained = await run(scene, ['explain', body.event_id])
    expect(explained.stdout).toContain('wanted by deploy')
    const replayed = await run(scene, ['replay', body.event_id, '--force', '--json'])
    expect(JSON.parse(replayed.stdout)).toMatchObject({ replay_of: body.event_id, status: 'accepted' })
    expect([sent.status, explained.status, replayed.status]).toEqual([0, 0, 0])
  })

  it('send ends with 1 and says why where the receiver has another secret', async () => {
    const path = file('secret.yaml', CONFIG.replaceAll(SECRET, 'another-secret-of-the-command-line-tests'))
    const { status, stdout, stderr } = await run(scene, ['send', '--source', 'wandb', '--config', path])
    expect(stdout).toMatch(/^401 /)
    expect(stderr).toContain('The receiver has another secret for this source.')
    expect(status).toBe(1)
  })

  it('explain of a file needs no receiver: each condition, and the request that would be sent', async () => {
    const wanted = file('wanted.json', JSON.stringify(aliasBody()))
    const args = ['explain', '--source', 'wandb', '--event']
    const yes = await run(scene, [...args, wanted], { PORT: '2' })
    expect(yes.stdout).toMatch(/wanted by deploy\n {2}yes {2}/)
    expect(yes.stdout).toContain(`POST ${scene.github.url}/repos/acme/serving/dispatches`)
    const other = file('other.json', JSON.stringify(aliasBody({ alias: 'staging' })))
    const no = await run(scene, [...args, other], { PORT: '2' })
    expect(no.stdout).toMatch(/not wanted by deploy\n(.*\n)* {2}no {3}.*staging/)
    expect([yes.status, no.status]).toEqual([0, 1])
  })

  it('init writes a configuration that check takes, and secrets that only the user may read', async () => {
    const path = join(folder, 'first.yaml')
    const made = await run(scene, ['init', '--repository', 'acme/serving', path])
    expect(made.status).toBe(0)
    const text = readFileSync(join(folder, '.env'), 'utf8')
    const env = Object.fromEntries(
      text.split('\n').flatMap((line) => {
        const [, name = '', value = ''] = /^(\w+)=(.+)$/.exec(line) ?? []
        return name === '' ? [] : [[name, value]]
      }),
    )
    expect(statSync(join(folder, '.env')).mode & 0o777).toBe(0o600)
    expect((await run(scene, ['check', path], env)).status).toBe(0)
    const again = await run(scene, ['init', '--repository', 'acme/serving', path])
    expect([again.status, again.stderr]).toEqual([2, expect.stringContaining('exists already')])
  })

  it.each([
    ['.env', '.env exists already'],
    ['model-dispatch.yaml', 'model-dispatch.yaml exists already'],
  ])('init writes nothing where %s is there already, and leaves it as it was', async (name, message) => {
    const place = mkdtempSync(join(folder, 'init-'))
    writeFileSync(join(place, name), 'mine')
    const args = ['init', '--repository', 'acme/serving', join(place, 'model-dispatch.yaml')]
    const { status, stdout, stderr } = await run(scene, args)
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
    expect(readdirSync(place)).toEqual([name])
    expect(readFileSync(join(place, name), 'utf8')).toBe('mine')
  })

  it('init names the folder that is missing, with the command that makes it', async () => {
    const place = join(folder, 'no', 'folder')
    const args = ['init', '--repository', 'acme/serving', join(place, 'model-dispatch.yaml')]
    const { status, stderr } = await run(scene, args)
    expect(stderr).toContain(`there is no folder ${place}.\n  -> Make it (mkdir -p ${place})`)
    expect(status).toBe(2)
  })

  it('capture records the next webhook without its credentials', async () => {
    const port = await freePort()
    const out = join(folder, 'captured.json')
    const recording = run(scene, ['capture', '--out', out], {
      PORT: String(port),
      MY_SECRET: 'a-value-of-mine-0001',
    })
    const request = {
      method: 'POST',
      headers: { authorization: 'Bearer abc', 'x-wandb-signature': 'sig', 'user-agent': 'wandb' },
      body: JSON.stringify({ alias: 'production', access_token: 'xyz', note: 'a-value-of-mine-0001' }),
    }
    let status = 0
    for (let tries = 0; status === 0 && tries < 200; tries++) {
      status = await fetch(`http://127.0.0.1:${port}/webhooks/wandb?token=t&event=e`, request).then(
        (response) => response.status,
        () => new Promise<number>((done) => setTimeout(() => done(0), 50)),
      )
    }
    expect([status, (await recording).status]).toEqual([202, 0])
    expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({
      path: '/webhooks/wandb',
      query: { token: 'removed', event: 'e' },
      headers: { authorization: 'removed', 'x-wandb-signature': 'removed', 'user-agent': 'wandb' },
      body: { alias: 'production', access_token: 'removed', note: 'removed' },
    })
  })

  it('doctor ends with 1 where something is broken, and prints the fix', async () => {
    const { status, stdout } = await run(scene, ['doctor'])
    expect(stdout).toContain(
      'problem: acme/serving .github/workflows: No workflow listens for repository_dispatch.\n  -> Put ',
    )
    expect(status).toBe(1)
    const json = await run(scene, ['doctor', '--json'])
    expect((JSON.parse(json.stdout) as { findings: unknown[] }).findings).toContainEqual(
      expect.objectContaining({ severity: 'problem' }),
    )
  })

  it.each<[string, string[], RegExp]>([
    ['a source that does not exist', ['send', '--source', 'wandbb'], /no source wandbb\.\n {2}-> .*`wandb`/],
    [
      'a source that is not named among several',
      ['send'],
      /--source is missing\.\n {2}-> Give one of wandb, /,
    ],
    [
      'a sample that does not exist',
      ['send', '--source', 'wandb', '--event', 'ADD_ALIAS'],
      /named ADD_ALIAS/,
    ],
    [
      'an address that is no URL',
      ['send', '--source', 'wandb', '--url', 'dispatch.example.com'],
      /is not a URL/,
    ],
    ['nothing to explain', ['explain'], /no event to explain/],
    [
      'a file that is not there',
      ['explain', '--source', 'wandb', '--event', '/no/file'],
      /\/no\/file cannot be read/,
    ],
    ['a replay of nothing', ['replay'], /needs the id/],
    ['a repository without its owner', ['init', '--repository', 'serving'], /serving is not owner\/name/],
    ['a capture without a file', ['capture'], /--out is missing/],
  ])('refuse %s with code 2, and say what to do', async (_, args, message) => {
    const { status, stderr } = await run(scene, args)
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/\n {2}-> ./)
    expect(status).toBe(2)
  })

  it('say which address did not answer, with code 75', async () => {
    const { status, stderr } = await run(scene, ['replay', 'evt_1', '--url', 'http://127.0.0.1:59'])
    expect(stderr).toContain('No answer from http://127.0.0.1:59')
    expect(status).toBe(75)
  })

  it('are explained in docs/cli.md as their help has it (npm run docs)', async () => {
    expect(readFileSync(join(ROOT, CLI_PAGE), 'utf8')).toBe(await cliPage())
  })
})
