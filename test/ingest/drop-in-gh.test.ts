import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request as ask } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SOON, startHouse, type House } from '../regressions/receiver.ts'
import { mustRun } from '../support/must-run.ts'

const TOKEN = 'drop-in-token-of-the-tests-1'
const CONFIG = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
dispatches:
  - { access_token: ${TOKEN}, source: wandb, repositories: ['acme/*'] }
automations:
  - name: everything
    events: ['*']
    destinations: [{ type: repository_dispatch, repository: acme/everything }]
`
const missing = ['gh', 'openssl'].filter((program) => spawnSync(program, ['version']).status !== 0)

describe.runIf(
  mustRun(missing.length === 0, 'gh as a client of the receiver', `${missing.join(', ')} is not installed`),
)('the GitHub CLI with GH_HOST, and the token of the receiver', () => {
  const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-gh-'))
  const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  let house: House
  let front: Server

  beforeAll(async () => {
    house = await startHouse({ config: CONFIG })
    // gh takes nothing but https.
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
    execFileSync('openssl', ['req', '-x509', ...curve, ...names, '-keyout', key, '-out', certificate], {
      stdio: 'pipe',
    })
    front = createServer(
      { key: readFileSync(key), cert: readFileSync(certificate) },
      (incoming, outgoing) => {
        const { method, url = '', headers } = incoming
        const behind = ask(`${house.url}${url}`, { method, headers }, (answer) => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
          answer.pipe(outgoing)
        })
        incoming.pipe(behind)
      },
    ).listen(0, '127.0.0.1')
    await once(front, 'listening')
  })
  afterAll(async () => {
    front.close()
    front.closeAllConnections()
    await house.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Runs `gh api` with these arguments and this input. */
  async function gh(args: readonly string[], { token = TOKEN, input = '' } = {}) {
    const { port } = front.address() as AddressInfo
    const env = {
      PATH: process.env['PATH'],
      GH_HOST: `127.0.0.1:${port}`,
      GH_ENTERPRISE_TOKEN: token,
      GH_CONFIG_DIR: folder,
      GH_NO_UPDATE_NOTIFIER: '1',
      SSL_CERT_FILE: certificate,
    }
    return await new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
      const child = execFile('gh', ['api', ...args], { env, timeout: 30_000 }, (error, stdout, stderr) => {
        resolve({ code: error?.code ?? 0, stdout, stderr })
      })
      child.stdin?.end(input)
    })
  }

  const arrived = (event_type: string) =>
    house.github.dispatches.filter((one) => one.event_type === event_type)

  it('sends a dispatch made of fields', async () => {
    const fields = ['-f', 'event_type=of-fields', '-f', 'client_payload[alias]=production']
    const path = 'repos/acme/serving/dispatches'
    expect(await gh([path, ...fields, '-F', 'client_payload[n]=7'])).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    })
    await expect.poll(() => arrived('of-fields'), SOON).toHaveLength(1)
    const [{ repository, client_payload } = { repository: '', client_payload: {} }] = arrived('of-fields')
    expect(repository).toBe('acme/serving')
    expect(Object.keys(client_payload)).toEqual(['alias', 'n', 'model_event'])
    expect(client_payload).toMatchObject({ alias: 'production', n: 7 })
  })

  it('sends a dispatch from its input', async () => {
    const input = JSON.stringify({ event_type: 'of-input', client_payload: { unit: { tests: true } } })
    expect((await gh(['repos/acme/serving/dispatches', '--input', '-'], { input })).code).toBe(0)
    await expect.poll(() => arrived('of-input'), SOON).toHaveLength(1)
    expect(arrived('of-input')[0]?.client_payload).toMatchObject({ unit: { tests: true } })
  })

  it.each([
    ['a wrong token', 'acme/serving', ['event_type=x'], 'ghp_ofGitHub', 'gh: Bad credentials (HTTP 401)'],
    ['another owner', 'others/serving', ['event_type=x'], TOKEN, 'gh: Not Found (HTTP 404)'],
    ['a body without event_type', 'acme/serving', ['type=x'], TOKEN, 'gh: Invalid request.'],
  ])('says what is wrong with %s as GitHub would', async (_, repository, fields, token, told) => {
    const args = fields.flatMap((field) => ['-f', field])
    const { code, stderr } = await gh([`repos/${repository}/dispatches`, ...args], { token })
    expect(code).toBe(1)
    expect(stderr).toContain(told)
  })
})
