import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { LogOutput } from '../../receiver/observe/log-output.ts'
import { mustRun } from '../support/must-run.ts'
import { canHave, mountSmallDisk } from '../faults/small-disk.ts'

const MOST_KEPT = 10_000
const missing = (lines: number) => `missing ${lines}\n`

const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-log-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const written = (output: LogOutput) =>
  new Promise<void>((resolve) => {
    output.flush(resolve)
  })

/** A pipe that nobody reads until it is asked to. */
function openPipe(name: string) {
  const path = join(folder, name)
  execFileSync('mkfifo', [path])
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  const buffer = Buffer.alloc(65_536)
  const read = () => {
    try {
      return buffer.toString('utf8', 0, readSync(fd, buffer))
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('EAGAIN')
      return ''
    }
  }
  return { fd, read, close: () => closeSync(fd) }
}

/** Lines in a row from `from` on, so many. */
const numbered = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => `line ${from + i}\n`)

/** Expects the first of so many numbered lines, how many are missing, and the line after that. */
function expectGap(text: string, count: number): void {
  const lines = text.split(/(?<=\n)/)
  const gap = lines.findIndex((line) => line.startsWith('missing'))
  expect(lines.slice(0, gap)).toEqual(numbered(0, gap))
  expect(gap).toBeGreaterThan(0)
  expect(gap).toBeLessThan(count)
  expect(lines.slice(gap)).toEqual([missing(count - gap), 'after\n'])
}

describe('the output of the log', () => {
  it('writes lines whole and in order to a file', async () => {
    const path = join(folder, 'file')
    const fd = openSync(path, 'w')
    const output = new LogOutput(fd, missing)
    for (let turn = 0; turn < 20; turn++) {
      for (const line of numbered(turn * 100, 100)) output.write(line)
      await new Promise(setImmediate)
    }
    await written(output)
    closeSync(fd)
    expect(readFileSync(path, 'utf8')).toBe(numbered(0, 2_000).join(''))
  })

  it('keeps what a full pipe does not take, and writes it when the pipe is read', async () => {
    const pipe = openPipe('kept')
    const output = new LogOutput(pipe.fd, missing)
    for (const line of numbered(0, 20_000)) output.write(line)
    let text = ''
    await expect.poll(() => (text += pipe.read())).toBe(numbered(0, 20_000).join(''))
    await written(output)
    pipe.close()
  })

  it('drops what it cannot keep for a full pipe, and says how many lines are missing when it goes on', async () => {
    const pipe = openPipe('dropped')
    const output = new LogOutput(pipe.fd, missing, MOST_KEPT)
    // The first batch fills the pipe, the others come to a pipe that takes nothing.
    const line = `${'x'.repeat(999)}\n`
    for (let batch = 0; batch < 20; batch++) {
      for (let n = 0; n < 9; n++) output.write(line)
      await new Promise(setImmediate)
    }
    let text = ''
    await expect.poll(() => (text += pipe.read())).toMatch(/missing \d+\n$/)
    const kept = text.split(line).length - 1
    expect(text).toBe(line.repeat(kept) + missing(180 - kept))
    output.write('after\n')
    await written(output)
    expect(pipe.read()).toBe('after\n')
    pipe.close()
  })

  it('writes what is left of a slow pipe at the end of the process', () => {
    const pipe = openPipe('end')
    const output = new LogOutput(pipe.fd, missing)
    for (const line of numbered(0, 100)) output.write(line)
    output.end()
    expect(pipe.read()).toBe(numbered(0, 100).join(''))
    pipe.close()
  })

  it('gives up at the end of the process when nobody reads', async () => {
    const pipe = openPipe('stuck')
    const output = new LogOutput(pipe.fd, missing)
    for (const line of numbered(0, 20_000)) output.write(line)
    output.end()
    let text = ''
    await expect.poll(() => (text += pipe.read())).toBe(numbered(0, 20_000).join(''))
    pipe.close()
  })
})

it('keeps the process alive until a flush calls back, though nobody reads', () => {
  const pipe = openPipe('alive')
  const script = `
    const { createLog } = await import('${new URL('../../receiver/observe/log.ts', import.meta.url).href}')
    const log = createLog('info')
    for (let n = 0; n < 2000; n++) log.info({ n }, 'a line that is long enough to fill a pipe of 64 KiB')
    await new Promise((resolve) => log.flush(resolve))
    process.exit(3)`
  const args = ['--input-type=module', '-e', script]
  expect(spawnSync(process.execPath, args, { stdio: ['ignore', pipe.fd, 'ignore'] }).status).toBe(3)
  pipe.close()
})

const mounts = canHave(() => mountSmallDisk(1))
describe.runIf(mustRun(mounts, 'the test of a log on a full disk', 'this user may not mount file systems'))(
  'the output of the log on a full disk',
  () => {
    it('drops what it cannot keep, and says how many lines are missing when there is space again', async () => {
      const disk = mountSmallDisk(1)
      const path = join(disk?.path ?? '', 'log')
      const fd = openSync(path, 'w')
      disk?.fill()
      const output = new LogOutput(fd, missing, MOST_KEPT)
      for (const line of numbered(0, 5_000)) output.write(line)
      await written(output)
      expect(readFileSync(path, 'utf8')).toBe('')
      disk?.free()
      await expect.poll(() => readFileSync(path, 'utf8')).toMatch(/missing/)
      output.write('after\n')
      await written(output)
      expectGap(readFileSync(path, 'utf8'), 5_000)
      closeSync(fd)
      disk?.remove()
    })
  },
)
