import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COMMANDS } from '../../receiver/cli/commands.ts'
import { request } from '../support/http.ts'
import { startScene, type Scene } from '../support/scene.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }

/** Runs the program to its end, in an environment in which a receiver could not start. */
function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['receiver/main.ts', ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], MODEL_DISPATCH_CONFIG: '/no/such/file.yaml', ...env },
    encoding: 'utf8',
    timeout: 20_000,
  })
  return { status, stdout, stderr }
}

describe('the command line', () => {
  it.each([['--help'], ['-h'], ['help']])('lists every command for %s and starts nothing', (arg) => {
    const { status, stdout, stderr } = run([arg])
    for (const name of COMMANDS.keys()) expect(stdout).toMatch(new RegExp(`^  ${name} +[A-Z].*\\.$`, 'm'))
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  it.each([['--version'], ['-V'], ['version']])('prints its version for %s', (arg) => {
    const { status, stdout } = run([arg])
    expect(stdout).toBe(`model-dispatch ${version} (Node.js ${process.version})\n`)
    expect(status).toBe(0)
  })

  it('explains each command with its usage', async () => {
    for (const [name, load] of COMMANDS) {
      const { usage, summary } = await load()
      const { status, stdout } = run([name, '--help'])
      expect(stdout).toContain(`Usage: npm run cli -- ${usage}\n\n${summary}\n`)
      expect(status).toBe(0)
    }
  })

  it.each([
    [
      'a command that does not exist',
      ['healthchek'],
      /no command healthchek\.\n {2}-> Did you mean `healthcheck`\?/,
    ],
    ['an option that does not exist', ['--port=80'], /no option --port=80/],
    ['an option that the command does not have', ['serve', '--port', '80'], /serve: Unknown option '--port'/],
    ['a word that the command does not take', ['serve', 'now'], /serve does not take `now`/],
    [
      'a value for an option that takes none',
      ['healthcheck', '--live=yes'],
      /'--live' does not take an argument/,
    ],
    ['help about a command that does not exist', ['help', 'healthchek'], /Did you mean `healthcheck`/],
  ])('refuses %s with code 2 and starts nothing', (_, args, message) => {
    const { status, stdout, stderr } = run(args)
    expect(stderr).toMatch(message)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  })

  it('starts the receiver where no command is named', () => {
    const { status, stderr } = run([])
    expect(stderr).toContain('Model Dispatch did not start.')
    expect(status).toBe(2)
  })
})

describe('the version', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene()
  })
  afterAll(() => scene.close())

  it('is in the log line `listening` and in the answer of /healthz', async () => {
    expect(scene.receiver.logged('listening')[0]).toMatchObject({ version })
    expect((await request(`${scene.receiver.url}/healthz`)).body).toEqual({ status: 'ok', version })
  })
})

describe('healthcheck', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene()
  })
  afterAll(() => scene.close())
  const check = (args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
    run(['healthcheck', ...args], { PORT: new URL(scene.receiver.url).port, ...env })

  it('ends with 0 while the receiver is ready, on the address that HOST and PORT name', () => {
    expect(check()).toMatchObject({ status: 0, stdout: '200 {"status":"ready"}\n' })
    expect(check([], { HOST: '127.0.0.1' }).status).toBe(0)
    expect(check(['--live']).stdout).toContain('"status":"ok"')
  })

  it('asks the receiver itself, whatever proxy the environment names', () => {
    const proxy = { HTTP_PROXY: 'http://127.0.0.1:9', NODE_USE_ENV_PROXY: '1' }
    expect(check([], proxy).status).toBe(0)
  })

  it('ends with 1 and the reason while the receiver is not ready', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(503).end('{"status":"not ready","reason":"shutting down"}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    // A process of its own must answer while this one waits.
    const { spawn } = await import('node:child_process')
    const child = spawn(process.execPath, ['receiver/main.ts', 'healthcheck'], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'], PORT: String(port) },
    })
    let output = ''
    child.stdout.on('data', (text: Buffer) => (output += text.toString()))
    const status = await new Promise((resolve) => child.on('close', resolve))
    server.close()
    expect(output).toContain('503 {"status":"not ready","reason":"shutting down"}')
    expect(status).toBe(1)
  })

  it('ends with 1 and the address where nothing listens', () => {
    const { status, stderr } = check([], { PORT: '9' })
    expect(stderr).toContain('No answer from http://127.0.0.1:9/readyz')
    expect(status).toBe(1)
  })
})
