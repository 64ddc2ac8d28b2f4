import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { request } from '../support/http.ts'
import { mustRun } from '../support/must-run.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'
import { codeBlocks, readProject, ROOT } from './markdown.ts'

const BLOCKS = codeBlocks(readProject('docs/deploy.md'))
const blockOf = (language: string, part: string) =>
  BLOCKS.find((block) => block.language === language && block.text.includes(part))?.text ?? ''

const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-deploy-'))
// Started by root, nginx works as another user.
chmodSync(folder, 0o755)
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const NGINX = ['/usr/sbin/nginx', '/usr/local/sbin/nginx'].find((path) => existsSync(path))

describe.runIf(mustRun(NGINX !== undefined, 'the nginx snippet', 'nginx is not installed'))(
  "the page's nginx snippet",
  () => {
    let scene: Scene
    let nginx: ChildProcess | undefined
    let port = 0
    const file = join(folder, 'nginx.conf')

    beforeAll(async () => {
      scene = await startScene()
      port = await freePort()
      writeFileSync(file, nginxConfig(port, scene.receiver.url))
    })
    afterAll(async () => {
      nginx?.kill('SIGTERM')
      await scene.close()
    })

    it('is a configuration that nginx accepts (nginx -t)', () => {
      const { status, stderr } = spawnSync(NGINX ?? '', ['-t', '-c', file], { encoding: 'utf8' })
      expect(stderr).toContain('test is successful')
      expect(status).toBe(0)
    })

    it('passes signed webhooks on, whole or in pieces, and keeps the management API inside', async () => {
      nginx = spawn(NGINX ?? '', ['-c', file], { stdio: 'ignore' })
      const url = `http://127.0.0.1:${port}`
      await expect.poll(() => statusOf(`${url}/healthz`)).toBe(200)
      const body = aliasBody({ event_author: 'Zoë' })
      expect((await sendWandb(url, body)).status).toBe(202)
      expect((await sendWandb(url, { ...body, tag: 'x' }, { chunked: true })).status).toBe(202)
      expect((await sendWandb(url, body, { secret: 'wrong' })).status).toBe(401)
      expect((await sendWandb(url, Buffer.alloc(1_100_000, 32))).status).toBe(413)
      expect(await statusOf(`${url}/api/v1/events`)).toBe(403)
      expect(await statusOf(`${url}/readyz`)).toBe(404)
    })
  },
)

/** The snippet as a whole configuration that needs no rights: without TLS, which the test of it would not show. */
function nginxConfig(port: number, receiver: string): string {
  const tls = join(ROOT, 'test/github/tls')
  const server = blockOf('nginx', 'server {')
    .replace('listen 443 ssl;', `listen 127.0.0.1:${port};`)
    .replaceAll('http://127.0.0.1:8080', receiver)
    .replace('/etc/ssl/dispatch/fullchain.pem', join(tls, 'cert.pem'))
    .replace('/etc/ssl/dispatch/privkey.pem', join(tls, 'key.pem'))
  const own = (name: string) => join(folder, name)
  return `daemon off; worker_processes 1; pid ${own('nginx.pid')}; error_log ${own('error.log')};
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path ${own('body')}; proxy_temp_path ${own('proxy')}; fastcgi_temp_path ${own('fastcgi')};
  uwsgi_temp_path ${own('uwsgi')}; scgi_temp_path ${own('scgi')};
${server}
}
`
}

async function statusOf(url: string): Promise<number> {
  return request(url).then(
    ({ status }) => status,
    () => 0,
  )
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => {
        resolve(port)
      })
    })
  })
}

describe("the page's systemd unit", () => {
  const unit = blockOf('ini', '[Service]')
  const settings = unit
    .split('\n')
    .filter((line) => line.includes('=') && !line.startsWith('#'))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const)
  const valuesOf = (name: string) => settings.filter(([key]) => key === name).map(([, value]) => value)

  it('starts what npm start runs, as a user of its own', () => {
    const { scripts } = JSON.parse(readProject('package.json')) as { scripts: Record<string, string> }
    const [start = ''] = valuesOf('ExecStart')
    expect(scripts['start']).toBe(`exec node ${start.slice(start.indexOf(' ') + 1)}`)
    expect(valuesOf('User')).toEqual(['model-dispatch'])
  })

  it('gives the receiver longer to stop than it takes, and does not restart what cannot start', () => {
    expect(Number(valuesOf('TimeoutStopSec')[0])).toBeGreaterThanOrEqual(5 + 20 + 5)
    expect(valuesOf('RestartPreventExitStatus')).toEqual(['2'])
  })

  it.runIf(systemdVersion() >= 252)('has the exposure that the page states', () => {
    const file = join(folder, 'model-dispatch.service')
    writeFileSync(file, unit)
    const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', file], {
      encoding: 'utf8',
    })
    const [, score] = /exposure level for \S+: ([\d.]+)/.exec(stdout) ?? []
    expect(readProject('docs/deploy.md')).toContain(`an exposure of ${score ?? 'nothing'} of 10`)
  })
})

/** The version of systemd-analyze; 0 where it is not installed. */
function systemdVersion(): number {
  const { stdout, status } = spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' })
  return status === 0 ? Number(/^systemd (\d+)/.exec(stdout)?.[1] ?? 0) : 0
}
