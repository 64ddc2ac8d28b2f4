import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createLog } from '../../receiver/observe/log.ts'

/** The line that a log writes of this. */
function logged(line: object): Record<string, unknown> {
  let written = ''
  createLog('info', { write: (text) => (written += text) }).info(line, 'said')
  expect(written.match(/\n/g)).toEqual(['\n'])
  return JSON.parse(written) as Record<string, unknown>
}

describe('a line of the log', () => {
  it('hides what stands under the key of a secret, however deep', () => {
    const line = { token: 'a', source: { name: 'wandb', secrets: ['b'], github: { private_key: 'c' } } }
    expect(logged(line)).toMatchObject({
      token: '[secret]',
      source: { name: 'wandb', secrets: '[secret]', github: { private_key: '[secret]' } },
    })
  })

  it('hides them in lists and in errors, and nothing else', () => {
    const at = new Date(0)
    expect(logged({ list: [{ token: 'a', at }] })).toMatchObject({
      list: [{ token: '[secret]', at: at.toISOString() }],
    })
    const error = Object.assign(new Error('no'), { token: 'a' })
    expect(logged({ err: error })).toMatchObject({ err: { message: 'no', token: '[secret]' } })
  })

  it('leaves the object that it was given as it was', () => {
    const line = { source: { secret: 'a' } }
    logged(line)
    expect(line).toEqual({ source: { secret: 'a' } })
  })

  it('ends with an object that holds itself', () => {
    const line: Record<string, unknown> = { name: 'circle' }
    line['self'] = line
    expect(logged(line)).toMatchObject({ name: 'circle', message: 'said' })
  })

  it('cannot be forged by a value: line ends and control characters are escaped', () => {
    const title = 'v3\n{"level":"info"}\u001b[2J'
    expect(logged({ title })).toMatchObject({ title })
  })
})

describe('the end of the log', () => {
  const LOG = new URL('../../receiver/observe/log.ts', import.meta.url).href
  // A line that is being written, and lines that still wait.
  const script = `
    const { createLog } = await import('${LOG}')
    const log = createLog('info')
    log.info({ n: 0 }, 'said')
    await new Promise(setImmediate)
    for (let n = 1; n < 1000; n++) log.info({ n }, 'said')
  `
  const told = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { n: number }).n)
  const all = Array.from({ length: 1_000 }, (_, n) => n)

  it.each([
    ['the program comes to its end', '', 0],
    ['the program ends itself', 'process.exit(3)', 3],
    ['an error ends the program', 'throw new Error("crash")', 1],
  ])('is written, to a pipe and to a file, when %s', (_, last, code) => {
    const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-log-'))
    const file = join(folder, 'log')
    const fd = openSync(file, 'w')
    const run = (stdout: 'pipe' | number) =>
      spawnSync(process.execPath, ['--input-type=module', '-e', script + last], {
        stdio: ['ignore', stdout, 'ignore'],
        encoding: 'utf8',
      })
    const piped = run('pipe')
    expect(piped.status).toBe(code)
    expect(told(piped.stdout)).toEqual(all)
    expect(run(fd).status).toBe(code)
    closeSync(fd)
    expect(told(readFileSync(file, 'utf8'))).toEqual(all)
    rmSync(folder, { recursive: true })
  })
})
