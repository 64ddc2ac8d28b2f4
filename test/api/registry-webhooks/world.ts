import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTarget, type Target, type TlsFiles } from '../../standins/target.ts'
import { request, type Answer } from '../../support/http.ts'
import { ADMIN_TOKEN } from '../../support/receiver-process.ts'
import { startScene, type Scene, type SceneOptions } from '../../support/scene.ts'

/** Sources of three registries, and no automation of a file. */
export const CONFIG = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
  databricks: { type: databricks, secrets: ['\${env:DATABRICKS_WEBHOOK_SECRET}'] }
  mlflow: { type: mlflow, secrets: [mlflow-secret-of-the-tests] }
admin:
  tokens:
    - { name: reader, secret: '\${env:READER_TOKEN}', role: read }
    - { name: vision, secret: '\${env:VISION_TOKEN}', role: write, automations: ['vision-*'] }
`

/** The tokens beside ADMIN_TOKEN. */
export const TOKENS = {
  READER_TOKEN: 'reader-token-of-the-tests-0001',
  VISION_TOKEN: 'vision-token-of-the-tests-0001',
} as const

/** The path of Databricks' API. */
export const PATH = '/api/2.0/mlflow/registry-webhooks'

/** A receiver, an https endpoint of a user, and a way to call the API. */
export interface World {
  scene: Scene
  endpoint: Target
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  /** The `http_url_spec` of the endpoint. */
  spec(path?: string): Record<string, unknown>
  /** Creates a webhook for new versions, at the endpoint unless told otherwise. */
  create(given?: Record<string, unknown>): Promise<Shown>
  list(query?: string): Promise<Shown[]>
  remove(webhook: Shown): Promise<Answer>
  /** The bodies that arrived at a path of the endpoint. */
  arrivedAt(path: string): Record<string, unknown>[]
  close(): Promise<void>
}

/** A webhook as the API shows it. */
export interface Shown extends Record<string, unknown> {
  id: string
}

/** What nobody may see of the webhooks that `create` makes. */
export const SECRET = 'the-shared-secret-of-this-webhook'
/** See {@link SECRET}. */
export const AUTHORIZATION = 'Bearer AbcdEfg1294-of-this-webhook'

/** Makes a certificate for 127.0.0.1, which the receiver is told to trust. */
function certificateIn(folder: string): TlsFiles {
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  execFileSync(
    'openssl',
    [
      ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1'.split(
        ' ',
      ),
      ...['-addext', 'subjectAltName=IP:127.0.0.1', '-out', files.cert, '-keyout', files.key],
    ],
    { stdio: 'ignore' },
  )
  return files
}

/** Starts all of it; the receiver trusts the endpoint's certificate. */
export async function startWorld(options: SceneOptions = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-tls-'))
  const tls = certificateIn(folder)
  const endpoint = await startTarget({ tls })
  const trusted = { NODE_EXTRA_CA_CERTS: tls.cert, OUTBOUND_ALLOW_CIDRS: '127.0.0.1' }
  const env = { ...TOKENS, ...trusted, ...options.env }
  const scene = await startScene({ config: CONFIG, ...options, env })
  const world: World = {
    scene,
    endpoint,
    call(method, path, body, headers = {}) {
      const bytes = Buffer.from(
        body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body),
      )
      return request(`${scene.receiver.url}${path.startsWith('/') ? path : `${PATH}/${path}`}`, {
        method,
        body: bytes,
        headers: {
          authorization: `Bearer ${ADMIN_TOKEN}`,
          // A body on a GET needs its length.
          ...(bytes.length === 0 ? {} : { 'content-length': String(bytes.length) }),
          ...headers,
        },
      })
    },
    spec: (path = '/hook') => ({
      ...{ url: `${endpoint.url}${path}`, secret: SECRET, authorization: AUTHORIZATION },
      enable_ssl_verification: false,
    }),
    async create(given = {}) {
      const body = { events: ['MODEL_VERSION_CREATED'], http_url_spec: world.spec(), ...given }
      const answer = await world.call('POST', 'create', body)
      if (answer.status !== 200) throw new Error(answer.text)
      return answer.body['webhook'] as Shown
    },
    async list(query = '') {
      const answer = await world.call('GET', `list${query}`)
      if (answer.status !== 200) throw new Error(answer.text)
      return answer.body['webhooks'] as Shown[]
    },
    remove: ({ id }) => world.call('DELETE', `delete?id=${id}`),
    arrivedAt: (path) =>
      endpoint.arrived
        .filter((one) => one.path === path)
        .map(({ body }) => JSON.parse(body.toString()) as Record<string, unknown>),
    async close() {
      await scene.close()
      await endpoint.close()
      rmSync(folder, { recursive: true })
    },
  }
  return world
}
