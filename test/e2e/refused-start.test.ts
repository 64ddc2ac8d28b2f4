import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ReceiverProcess, type ReceiverSettings } from '../support/receiver-process.ts'
import { DEPLOY_CONFIG, startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb, WANDB_SECRET } from '../support/send.ts'

const started: ReceiverProcess[] = []
afterEach(async () => {
  for (const receiver of started.splice(0)) await receiver.remove()
})
const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-refused-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Starts a receiver that is expected to end by itself; gives its exit code and what it said. */
async function refusedStart(
  settings: Partial<ReceiverSettings>,
): Promise<{ code: number | null; said: string }> {
  const receiver = new ReceiverProcess({
    config: DEPLOY_CONFIG,
    github_url: 'http://127.0.0.1:9',
    ...settings,
    env: { WANDB_WEBHOOK_SECRET: WANDB_SECRET, ...settings.env },
  })
  started.push(receiver)
  const exited = receiver.launch()
  await receiver.waitFor(() => !receiver.running || receiver.logged('listening').length > 0, 25_000)
  if (receiver.running) throw new Error(`It did start:\n${receiver.output}`)
  const { code } = await exited
  return { code, said: receiver.output.replaceAll(receiver.config_path, 'CONFIG') }
}

describe('A start that was asked for something impossible', () => {
  it('ends with code 2 and all mistakes in the configuration at once, each with file, line, key and fix', async () => {
    const config = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
  open: { type: wandb }
automations:
  - name: typo
    sources: [wandb]
    events: [ADD_ARTEFACT_ALIAS]
    destinations: [{ type: repository_dispatch, repository: acme/serving }]
  - name: all-aliases
    sources: [wandb]
    events: [ADD_ARTIFACT_ALIAS]
    filter: { registry: model }
    destinations: [{ type: repository_dispatch, repository: acme/serving }]
`
    const { code, said } = await refusedStart({ config })
    expect(said).toMatch(/^Model Dispatch did not start\./)
    for (const line of [
      'CONFIG:4: sources.open: anybody could send to this source: it has no secret, token or authorization',
      'CONFIG:8: automations[0].events[0]: "ADD_ARTEFACT_ALIAS" is no event of wandb',
      '  -> Did you mean `ADD_ARTIFACT_ALIAS`?',
      'CONFIG:13: automations[1].filter: ADD_ARTIFACT_ALIAS needs a filter: without one, every alias would count',
      '  -> Add filter.alias (`alias: "*"` for all of them)',
    ]) {
      expect(said).toContain(line)
    }
    expect(said).not.toMatch(/^\s+at /m)
    expect(code).toBe(2)
  })

  it('ends with code 2 and an instruction where the variable of a secret is not set', async () => {
    const { code, said } = await refusedStart({ env: { WANDB_WEBHOOK_SECRET: undefined } })
    expect(said).toMatch(/CONFIG:3: sources\.wandb\.secrets\[0\]: .*WANDB_WEBHOOK_SECRET is not set/)
    expect(code).toBe(2)
  })

  it('ends with code 2 and an instruction for a key that does not exist', async () => {
    const { code, said } = await refusedStart({ config: DEPLOY_CONFIG.replace('filter:', 'filtre:') })
    expect(said).toContain(
      'CONFIG:9: automations[0].filtre: there is no such key here\n  -> Did you mean `filter`?',
    )
    expect(code).toBe(2)
  })

  it('ends with code 2 and an instruction for an ADMIN_TOKEN that is too short, without showing it', async () => {
    const { code, said } = await refusedStart({ env: { ADMIN_TOKEN: 'hunter2hunter2' } })
    expect(said).toMatch(/environment: ADMIN_TOKEN: is shorter than 24 characters[\s\S]*openssl rand/)
    expect(said).not.toContain('hunter2')
    expect(code).toBe(2)
  })

  it('ends with code 2 and an instruction without GitHub credentials', async () => {
    const { code, said } = await refusedStart({ env: { GITHUB_TOKEN: undefined } })
    expect(said).toMatch(/GITHUB_TOKEN/)
    expect(code).toBe(2)
  })

  it('ends with code 2 and an instruction for a DATA_DIR that is a file', async () => {
    const data_dir = join(folder, 'file')
    writeFileSync(data_dir, '')
    const { code, said } = await refusedStart({ data_dir })
    expect(said).toMatch(/DATA_DIR .* cannot be made[\s\S]*Name a folder/)
    expect(code).toBe(2)
  })

  it('ends with code 2 and an instruction for a DATA_DIR where no folder can be', async () => {
    const { code, said } = await refusedStart({ data_dir: '/proc/nothing' })
    expect(said).toMatch(/DATA_DIR .* cannot be made[\s\S]*Name a folder/)
    expect(code).toBe(2)
  })

  it('ends with code 2 and an instruction for a database that is none', async () => {
    const data_dir = join(folder, 'damaged')
    mkdirSync(data_dir)
    writeFileSync(
      join(data_dir, 'model-dispatch.sqlite'),
      'not a database at all, but long enough to be read as one',
    )
    const { code, said } = await refusedStart({ data_dir })
    expect(said).toMatch(/not a database/)
    expect(said).toMatch(/restore a backup/)
    expect(said).not.toMatch(/^\s+at /m)
    expect(code).toBe(2)
  })
})

describe('a start on a folder of which one file is faulty', () => {
  it('goes on with the others and says so: nothing has been in force before', async () => {
    const configs = join(folder, 'configs')
    mkdirSync(configs)
    writeFileSync(join(configs, 'a.yaml'), DEPLOY_CONFIG)
    writeFileSync(join(configs, 'b.yaml'), 'version: 2')
    const receiver = new ReceiverProcess({
      config: '',
      github_url: 'http://127.0.0.1:9',
      env: { WANDB_WEBHOOK_SECRET: WANDB_SECRET, MODEL_DISPATCH_CONFIG: configs },
    })
    started.push(receiver)
    await receiver.start()
    const [refused, ...others] = receiver.log.filter(({ message }) => message.startsWith('configuration'))
    expect(others).toEqual([])
    expect(refused?.message).toBe('configuration refused: the other files are used')
    expect(refused).toMatchObject({ file: join(configs, 'b.yaml'), line: 1, key: 'version' })
  })
})

describe('a start at a bad moment', () => {
  it('waits for a DATA_DIR that another receiver still holds, says so, and then listens', async () => {
    const former = await startScene()
    const next = new ReceiverProcess({
      config: DEPLOY_CONFIG,
      github_url: former.github.url,
      data_dir: former.receiver.data_dir,
      env: { WANDB_WEBHOOK_SECRET: WANDB_SECRET, START_SECONDS: '60' },
    })
    started.push(next)
    const listening = next.start()
    await next.waitFor(() => next.logged('the store is not there yet: tried again').length > 0)
    await former.receiver.stop()
    await listening
    const [line] = next.logged('the store is not there yet: tried again')
    expect(line).toMatchObject({
      level: 'warn',
      reason: expect.stringMatching(/^Another receiver/) as string,
    })
    await former.close()
  })

  it('ends with code 0 when it is asked to stop while it waits', async () => {
    const receiver = new ReceiverProcess({
      config: DEPLOY_CONFIG,
      github_url: 'http://127.0.0.1:9',
      env: {
        WANDB_WEBHOOK_SECRET: WANDB_SECRET,
        DATABASE_URL: 'postgres://dispatch@127.0.0.1:1/dispatch',
        START_SECONDS: '600',
      },
    })
    started.push(receiver)
    void receiver.launch()
    await receiver.waitFor(() => receiver.logged('the store is not there yet: tried again').length > 0)
    expect(await receiver.stop()).toEqual({ code: 0, signal: null })
  })
})

describe('a start beside another receiver', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene()
  })
  afterAll(() => scene.close())

  it('ends with code 75 and a way out on the same DATA_DIR; the first one is not disturbed', async () => {
    // The lock must outlive the garbage that work makes.
    for (let n = 0; n < 200; n++)
      await sendWandb(scene.receiver.url, aliasBody({ n, pad: 'x'.repeat(20_000) }))
    const { code, said } = await refusedStart({ data_dir: scene.receiver.data_dir })
    expect(said).toMatch(/Another receiver is running on DATA_DIR[\s\S]*\n {2}-> Stop it first/)
    expect(code).toBe(75)
    expect((await scene.receiver.api('/readyz')).status).toBe(200)
  })

  it('ends with code 75 and names PORT on the same port', async () => {
    const { code, said } = await refusedStart({ env: { PORT: new URL(scene.receiver.url).port } })
    expect(said).toMatch(/PORT: it is in use already/)
    expect(said).not.toMatch(/^\s+at /m)
    expect(code).toBe(75)
  })
})
