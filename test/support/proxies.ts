import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from './http.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const TLS = join(ROOT, 'test/github/tls')
/** As long as a proxy may take to start on a busy machine, in ms. */
const START_MS = 20_000

const found = (...paths: string[]) => paths.find((path) => existsSync(path)) ?? null

/** The program of each proxy, null where it is not installed. */
export const NGINX = found('/usr/sbin/nginx', '/usr/local/sbin/nginx')
export const CADDY = found('/usr/bin/caddy', '/usr/local/bin/caddy')

/** The address from which the pages let requests to the API in, in place of the network that they name. */
export const INSIDE = '127.0.0.3'
export const OUTSIDE = '127.0.0.2'

/** A reverse proxy that runs. */
export interface RunningProxy {
  url: string
  close(): void
}

/** The values in place of a snippet's. */
export interface Place {
  /** Where the proxy listens, on 127.0.0.1. */
  port: number
  /** The target, in place of `http://127.0.0.1:8080`. */
  receiver: string
}

/** Starts nginx with the `server` of a page: its port, its certificate and its network are those of the test. */
export async function startNginx(server: string, { port, receiver }: Place): Promise<RunningProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-nginx-'))
  // Started by root, nginx works as another user.
  chmodSync(folder, 0o755)
  const own = (name: string) => join(folder, name)
  const adapted = server
    .replace('listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`)
    .replaceAll('http://127.0.0.1:8080', receiver)
    .replaceAll('allow 10.0.0.0/8;', `allow ${INSIDE}; allow 127.0.0.1;`)
    .replace(/ssl_certificate \S+;/, `ssl_certificate ${join(TLS, 'cert.pem')};`)
    .replace(/ssl_certificate_key \S+;/, `ssl_certificate_key ${join(TLS, 'key.pem')};`)
  const file = own('nginx.conf')
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${own(name)};`,
  )
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${own('nginx.pid')}; error_log ${own('error.log')};
events { worker_connections 64; }
http { access_log off; ${paths.join(' ')}
${adapted}
}
`,
  )
  const { status, stderr } = spawnSync(NGINX ?? '', ['-t', '-c', file], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`nginx does not take the page's configuration:\n${stderr}`)
  const child = spawn(NGINX ?? '', ['-c', file], { stdio: 'ignore' })
  return await started(child, folder, { url: `https://127.0.0.1:${port}`, log: own('error.log') })
}

/** Starts Caddy with the site of a page, without TLS: it would ask an authority of the Internet for a certificate. */
export async function startCaddy(site: string, { port, receiver }: Place): Promise<RunningProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-caddy-'))
  const file = join(folder, 'Caddyfile')
  const adapted = site
    .replace(/^\S+ \{/, `http://127.0.0.1:${port} {`)
    .replaceAll('127.0.0.1:8080', new URL(receiver).host)
    .replaceAll('10.0.0.0/8', `${INSIDE} 127.0.0.1`)
  writeFileSync(file, `{\n\tadmin off\n\tauto_https off\n}\n${adapted}`)
  const child = spawn(CADDY ?? '', ['run', '--adapter', 'caddyfile', '--config', file], {
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  })
  return await started(child, folder, { url: `http://127.0.0.1:${port}`, log: null })
}

async function started(
  child: ChildProcess,
  folder: string,
  { url, log }: { url: string; log: string | null },
): Promise<RunningProxy> {
  const close = () => {
    child.kill('SIGTERM')
    rmSync(folder, { recursive: true, force: true })
  }
  const until = Date.now() + START_MS
  while (!(await answers(url))) {
    if (Date.now() < until && child.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      continue
    }
    const said = log !== null && existsSync(log) ? readFileSync(log, 'utf8') : ''
    close()
    throw new Error(`The proxy at ${url} did not start.\n${said}`)
  }
  return { url, close }
}

const answers = (url: string) =>
  request(url).then(
    () => true,
    () => false,
  )
