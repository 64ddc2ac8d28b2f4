import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startGitHub, type StandInGitHub } from '../standins/github/index.ts'
import { freePort } from '../support/free-port.ts'
import { request } from '../support/http.ts'
import { mustRun } from '../support/must-run.ts'
import { DEPLOY_CONFIG } from '../support/scene.ts'
import { aliasBody, sendWandb, WANDB_SECRET } from '../support/send.ts'
import { buildImage, mustPodman, podman, whyNoContainers } from './podman.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
const ID = `model-dispatch-test-${process.pid}`
const IMAGE = `localhost/model-dispatch:test-${process.pid}`
/** Longer than the slowest stop that docs/deploy.md documents. */
const GRACE_SECONDS = '45'
const MOST_BYTES = 250_000_000
/** As Kubernetes' strictest profile runs it: no writable root, no temporary file system, no rights. */
const LOCKED_DOWN =
  '--read-only --read-only-tmpfs=false --cap-drop ALL --security-opt no-new-privileges --network host'.split(
    ' ',
  )

const missing = whyNoContainers()
const here = mustRun(missing === null, 'test/container', `containers cannot run here: ${missing ?? ''}`)

describe.skipIf(!here)('the container image', () => {
  const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-image-'))
  const config = join(folder, 'model-dispatch.yaml')
  let github: StandInGitHub
  let url = ''

  beforeAll(async () => {
    writeFileSync(config, DEPLOY_CONFIG)
    github = await startGitHub({ limits: { enabled: false } })
    await buildImage(IMAGE)
  }, 480_000)
  afterAll(async () => {
    await podman('rm', '--force', '--time', '0', ID)
    await podman('volume', 'rm', '--force', ID)
    await podman('rmi', '--force', IMAGE)
    await github.close()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  const run = (...args: readonly string[]) => podman('run', '--rm', ...LOCKED_DOWN, IMAGE, ...args)
  const shell = (script: string) =>
    mustPodman('run', '--rm', '--network', 'host', '--user', '0', '--entrypoint', 'sh', IMAGE, '-c', script)
  const inspect = (format: string) => mustPodman('inspect', '--type', 'container', '--format', format, ID)
  const isReady = () =>
    request(`${url}/readyz`).then(
      ({ status }) => status === 200,
      () => false,
    )
  const modelsSent = () =>
    github.dispatches.map(
      ({ client_payload }) => (client_payload['model_event'] as { model: { name: string } }).model.name,
    )

  describe('as it was built', () => {
    it('is at most 250 MB', async () => {
      const size = Number(await mustPodman('image', 'inspect', '--format', '{{.Size}}', IMAGE))
      console.info(`container: image ${Math.round(size / 1e6)} MB`)
      expect(size).toBeLessThanOrEqual(MOST_BYTES)
    })

    it('has one Node.js 24, nothing to install more with, and no program that gives rights', async () => {
      const found = await shell(`find / -xdev -type f -size +20M; command -v npm; command -v yarn
        find / -xdev -type f -perm /6000; node --version`)
      expect(found.split('\n')).toEqual(['/usr/local/bin/node', expect.stringMatching(/^v24\./)])
    })

    it('has no file of the project but what the receiver runs on', async () => {
      expect((await shell('ls -A /app')).split('\n')).toEqual([
        'LICENSE',
        'dashboard',
        'node_modules',
        'package.json',
        'receiver',
      ])
      expect(await shell('ls -A /data /config /tmp')).not.toMatch(/\.(ts|tgz|log)$/m)
      expect(await shell('find /app -name "*.ts" -o -name "*.tsx" -o -name "*.map"')).toBe('')
      expect(await shell('ls -A /app/dashboard')).toBe('dist')
    })

    it('says what it is in its labels, with the version of package.json', async () => {
      const labels = JSON.parse(
        await mustPodman('image', 'inspect', '--format', '{{json .Labels}}', IMAGE),
      ) as object
      expect(labels).toMatchObject({
        'org.opencontainers.image.title': 'Model Dispatch',
        'org.opencontainers.image.licenses': 'MIT',
        'org.opencontainers.image.version': version,
      })
    })

    it('runs the other commands too, and no server for arguments that it does not know', async () => {
      expect((await run('--version')).stdout).toContain(`model-dispatch ${version}`)
      expect(await run('serv')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('Did you mean `serve`') as string,
      })
    })

    it('ends with code 2 and the path where no configuration is mounted', async () => {
      const { code, stderr } = await run()
      expect(stderr).toContain('/config/model-dispatch.yaml')
      expect(code).toBe(2)
    })
  })

  describe('while it runs', () => {
    beforeAll(async () => {
      const port = await freePort()
      url = `http://127.0.0.1:${port}`
      const env = {
        HOST: '127.0.0.1',
        PORT: String(port),
        GITHUB_API_URL: github.url,
        GITHUB_TOKEN: 'ghp_tokenOfTheTests0001',
        WANDB_WEBHOOK_SECRET: WANDB_SECRET,
        DRAIN_SECONDS: '1',
      }
      const began = performance.now()
      await mustPodman(
        ...['run', '--detach', '--name', ID, ...LOCKED_DOWN, '--volume', `${ID}:/data`],
        ...['--volume', `${config}:/config/model-dispatch.yaml:ro`],
        ...Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
        IMAGE,
      )
      const created = performance.now()
      await vi.waitFor(async () => expect(await isReady()).toBe(true), { timeout: 30_000, interval: 20 })
      const [podman_ms, ready_ms] = [created - began, performance.now() - created]
      console.info(
        `container: podman ${Math.round(podman_ms)} ms, then ready after ${Math.round(ready_ms)} ms`,
      )
    })

    it('is a user without rights, as process 1, on a file system that takes writes in /data alone', async () => {
      const status = readFileSync(`/proc/${await inspect('{{.State.Pid}}')}/status`, 'utf8')
      console.info(`container: ${/VmRSS:\s+\d+ kB/.exec(status)?.[0] ?? ''} after the start`)
      expect(status).toMatch(/^Uid:\t1000\t1000\t1000\t1000$/m)
      expect(status).toMatch(/^Cap(Eff|Prm|Bnd):\t0000000000000000$/m)
      expect(status).toMatch(/^NSpid:\t\d+\t1$/m)
      const touch = (path: string) => podman('exec', ID, 'touch', path)
      for (const path of ['/app/x', '/tmp/x', '/x']) expect((await touch(path)).stderr).toMatch(/Read-only/)
      expect((await touch('/data/x')).code).toBe(0)
    })

    it('is healthy by its own HEALTHCHECK', async () => {
      expect((await podman('healthcheck', 'run', ID)).code).toBe(0)
    })

    it('dispatches a signed webhook, and nothing without a signature', async () => {
      expect((await sendWandb(url, aliasBody(), { secret: null })).status).toBe(401)
      expect((await sendWandb(url, aliasBody({ artifact_collection_name: 'first' }))).status).toBe(202)
      await expect.poll(modelsSent).toEqual(['first'])
      expect(github.violations).toEqual([])
    })

    it('loses nothing of what it accepted when it is killed and started again', async () => {
      const models = Array.from({ length: 40 }, (_, n) => `killed-${n}`)
      const answers = await Promise.all(
        models.map((model) => sendWandb(url, aliasBody({ artifact_collection_name: model }))),
      )
      await mustPodman('kill', '--signal', 'KILL', ID)
      expect(answers.map(({ status }) => status)).toEqual(models.map(() => 202))
      await mustPodman('wait', ID)
      expect(await inspect('{{.State.ExitCode}}')).toBe('137')
      await mustPodman('start', ID)
      await expect.poll(() => models.filter((model) => !modelsSent().includes(model))).toEqual([])
    })

    it('ends with code 0 on SIGTERM, within the grace that is documented', async () => {
      await expect.poll(isReady).toBe(true)
      await mustPodman('stop', '--time', GRACE_SECONDS, ID)
      expect(await inspect('{{.State.ExitCode}}')).toBe('0')
      expect(await mustPodman('logs', ID)).toMatch(/"message":"stopped"}$/)
    })
  })
})
