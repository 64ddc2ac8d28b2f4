import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { parse } from 'yaml'
import { startGitHub, type StandInGitHub } from '../standins/github/index.ts'
import { startDns, type StandInDns } from '../standins/dns.ts'
import { createDatabase } from '../support/database.ts'
import { freePort } from '../support/free-port.ts'
import { request } from '../support/http.ts'
import { mustRun } from '../support/must-run.ts'
import { ReceiverProcess } from '../support/receiver-process.ts'
import { DEPLOY_CONFIG } from '../support/scene.ts'
import { aliasBody, sendWandb, WANDB_SECRET } from '../support/send.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

interface Service {
  image: string
  read_only?: boolean
  cap_drop?: string[]
  security_opt?: string[]
  ports?: string[]
  volumes?: string[]
  environment?: Record<string, string>
  stop_grace_period?: string
  deploy?: { replicas: number }
}

const servicesOf = (file: string) => (parse(read(file)) as { services: Record<string, Service> }).services

describe.each(['compose.yaml', 'compose.postgres.yaml'])('%s', (file) => {
  const services = servicesOf(file)

  it('runs what is ours without rights, on a file system that cannot be written', () => {
    const ours = Object.entries(services).filter(([name]) => name !== 'postgres')
    expect(ours.length).toBeGreaterThan(0)
    for (const [, service] of ours) expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'] })
    for (const service of Object.values(services))
      expect(service.security_opt).toEqual(['no-new-privileges:true'])
  })

  it('gives a receiver longer to stop than a stop takes', () => {
    expect(services['receiver']?.stop_grace_period).toBe('45s')
  })

  it('opens no port to other machines', () => {
    const ports = Object.values(services).flatMap(({ ports = [] }) => ports)
    expect(ports).toEqual(['127.0.0.1:8080:8080'])
  })

  it('mounts files that are there, and the configuration as a folder', () => {
    const mounts = Object.values(services).flatMap(({ volumes = [] }) => volumes)
    const files = mounts.filter((mount) => mount.startsWith('./') && !mount.startsWith('./config:'))
    for (const mount of files) expect(existsSync(join(ROOT, mount.split(':')[0] ?? ''))).toBe(true)
    expect(mounts).toContain('./config:/config:ro')
  })
})

describe('.env.example', () => {
  const names = [...read('.env.example').matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name)

  it('names every variable that the compose files and the example configuration need', () => {
    const texts = ['compose.yaml', 'compose.postgres.yaml', 'examples/model-dispatch.yaml'].map(read)
    const needed = texts.flatMap((text) =>
      [...text.matchAll(/\$\{(?:env:)?([A-Z_]+)/g)].map(([, name]) => name),
    )
    expect(names).toEqual(expect.arrayContaining([...new Set(needed)]))
  })

  it('names no variable that nothing reads', () => {
    const known = `${read('docs/configuration.md')}${read('compose.postgres.yaml')}${read('examples/model-dispatch.yaml')}`
    expect(names.filter((name) => !known.includes(name ?? ''))).toEqual([])
  })
})

const NGINX = ['/usr/sbin/nginx', '/usr/local/sbin/nginx'].find((path) => existsSync(path))
const server = inject('postgresUrl')
const here = mustRun(
  NGINX !== undefined && server !== null,
  'two replicas behind the proxy of compose.postgres.yaml',
  'nginx or PostgreSQL is not installed; on Debian: apt-get install nginx postgresql',
)

describe.skipIf(!here)('two replicas behind the proxy of compose.postgres.yaml', () => {
  const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-compose-'))
  const file = join(folder, 'nginx.conf')
  const replicas: ReceiverProcess[] = []
  let github: StandInGitHub
  let dns: StandInDns
  let nginx: ChildProcess | undefined
  let url = ''

  beforeAll(async () => {
    // Started by root, nginx works as another user.
    chmodSync(folder, 0o777)
    github = await startGitHub({ limits: { enabled: false } })
    // As in Docker: one name with an address for each replica, on one port.
    dns = await startDns({ receiver: ['127.0.0.1', '127.0.0.2'] })
    const [port, proxy_port] = [await freePort(), await freePort()]
    const database = await createDatabase(server ?? '')
    for (const host of ['127.0.0.1', '127.0.0.2']) {
      const env = {
        HOST: host,
        PORT: String(port),
        DATABASE_URL: database,
        WANDB_WEBHOOK_SECRET: WANDB_SECRET,
      }
      replicas.push(await new ReceiverProcess({ config: DEPLOY_CONFIG, github_url: github.url, env }).start())
    }
    const config = read('examples/container/nginx.conf')
      .replace('resolver 127.0.0.11', `resolver 127.0.0.1:${dns.port}`)
      .replace('receiver:8080', `receiver:${port}`)
      .replace('listen 8080', `listen 127.0.0.1:${proxy_port}`)
      .replaceAll('/tmp/', `${folder}/`)
      .replace('/dev/stderr', join(folder, 'error.log'))
    writeFileSync(file, `daemon off;\n${config}`)
    url = `http://127.0.0.1:${proxy_port}`
  })
  afterAll(async () => {
    nginx?.kill('SIGTERM')
    for (const replica of replicas) await replica.remove()
    dns.close()
    await github.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('have a proxy whose configuration nginx accepts', () => {
    const { status, stderr } = spawnSync(NGINX ?? '', ['-t', '-c', file], { encoding: 'utf8' })
    expect(stderr).toContain('test is successful')
    expect(status).toBe(0)
  })

  it('share the webhooks, and take every one while one of them is killed', async () => {
    nginx = spawn(NGINX ?? '', ['-c', file], { stdio: 'ignore' })
    await expect
      .poll(() =>
        request(`${url}/readyz`).then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200)
    const models = Array.from({ length: 60 }, (_, n) => `model-${n}`)
    const statuses: number[] = []
    for (const [n, model] of models.entries()) {
      if (n === 30) await replicas[0]?.kill9()
      const { status } = await sendWandb(url, aliasBody({ artifact_collection_name: model }))
      statuses.push(status)
    }
    expect(statuses.every((status) => status === 202 || status === 200)).toBe(true)
    for (const replica of replicas) expect(replica.logged('event accepted').length).toBeGreaterThan(5)
    const sent = () =>
      new Set(
        github.dispatches.map(
          ({ client_payload }) => (client_payload['model_event'] as { model: { name: string } }).model.name,
        ),
      )
    await expect.poll(() => models.filter((model) => !sent().has(model)), { timeout: 90_000 }).toEqual([])
  }, 120_000)
})
