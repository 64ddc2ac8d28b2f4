import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { request } from '../support/http.ts'

const DEMO = join(import.meta.dirname, '..', '..', 'examples', 'demo', 'demo.ts')
const LONGEST_MS = 60_000

interface Ended {
  exit_code: number | null
  stdout: string
  stderr: string
}

/** Where the demo makes its temporary files. */
let folder: string

/** Runs the demo with nothing set but these variables; `onOutput` is told of all that it printed so far. */
async function runDemo(
  variables: Record<string, string> = {},
  onOutput: (text: string, end: () => void) => void = () => undefined,
  args: readonly string[] = [],
): Promise<Ended> {
  const env = { PATH: process.env['PATH'], TMPDIR: folder, ...variables }
  const command = [DEMO, ...args]
  const child = spawn(process.execPath, command, { env, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    stdout += part
    onOutput(stdout, () => child.kill('SIGTERM'))
  })
  const stderr = text(child.stderr)
  const exit_code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return { exit_code, stdout, stderr: await stderr }
}

/** Everything that would change the receiver or its network, if the demo handed it on. */
const FOREIGN = {
  DATABASE_URL: 'postgres://127.0.0.1:1/none',
  GITHUB_APP_ID: '1',
  HTTPS_PROXY: 'http://127.0.0.1:1',
  HTTP_PROXY: 'http://127.0.0.1:1',
  ADMIN_TOKEN: 'short',
}

describe('the demo', () => {
  let whole: Ended
  let left_behind: string[]

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'model-dispatch-demo-test-'))
    whole = await runDemo(FOREIGN)
    left_behind = await readdir(folder)
  }, LONGEST_MS)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('ends by itself with 0, whatever its environment holds, and leaves nothing behind', () => {
    expect(whole.stderr).toBe('')
    expect(whole.exit_code).toBe(0)
    expect(left_behind).toEqual([])
  })

  it('shows the dispatches, the outputs of the Action and the jobs that run', () => {
    const { stdout } = whole
    expect(stdout.match(/repository_dispatch deploy-model arrives at acme\/serving/g)).toHaveLength(3)
    expect(stdout).toMatch(/is-link=true model=resnet50 version=v3[\s\S]*parse and evaluate run;/)
    expect(stdout).toMatch(/is-alias=true[\s\S]*alias=production[\s\S]*parse and deploy run;/)
    expect(stdout).toMatch(/is-stage=true[\s\S]*stage=Production[\s\S]*parse and promote run;/)
  })

  it('shows what the receiver answers to a repeat, a wrong signature and an event that nobody wants', () => {
    const answers = Array.from(whole.stdout.matchAll(/^ {3}receiver +(\d{3} \w+)/gm), ([, answer]) => answer)
    const accepted = '202 accepted'
    expect(answers).toEqual([accepted, accepted, accepted, '200 duplicate', '401 refused', accepted])
    expect(whole.stdout).toContain('No automation matched. Nearest: deploy-production')
  })

  it('is plain text of at most 100 columns where it is no terminal', () => {
    expect(whole.stdout).not.toContain('\u001b')
    expect(Math.max(...whole.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
  })

  it(
    'goes on with --keep: its page has a delivery to mend, until it is interrupted, and leaves nothing behind',
    async () => {
      const seen: { page: number; failed: unknown }[] = []
      const look = async (url: string, token: string, end: () => void) => {
        const page = await request(`${url}/`)
        const headers = { authorization: `Bearer ${token}` }
        const failed = async () => (await request(`${url}/api/v1/overview`, { headers })).body['dead_letters']
        await expect.poll(failed).toBe(1)
        const [delivery] = (await request(`${url}/api/v1/deliveries`, { headers })).body['items'] as {
          error: unknown
        }[]
        seen.push({ page: page.status, failed: delivery?.error })
        end()
      }
      let looking = null as Promise<void> | null
      const { exit_code, stdout, stderr } = await runDemo(
        {},
        (text, end) => {
          const [, url = '', token = ''] = /^ {3}page +(\S+)\n {3}token +(\S+)\n[^]*Ctrl-C/m.exec(text) ?? []
          if (url !== '') looking ??= look(url, token, end).finally(end)
        },
        ['--keep'],
      )
      await looking
      expect(seen).toMatchObject([
        { page: 200, failed: { fix: expect.stringContaining('redeliver') as string } },
      ])
      expect({ exit_code, stderr }).toEqual({ exit_code: 0, stderr: '' })
      expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
      expect(await readdir(folder)).toEqual([])
    },
    LONGEST_MS,
  )

  it(
    'ends with 1 and cleans up when it is interrupted',
    async () => {
      const { exit_code, stderr } = await runDemo({}, (stdout, end) => {
        if (stdout.includes('\n2. ')) end()
      })
      expect(stderr).toContain('The demo stopped. It was interrupted.')
      expect(exit_code).toBe(1)
      expect(await readdir(folder)).toEqual([])
    },
    LONGEST_MS,
  )
})
