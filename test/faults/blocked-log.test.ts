import { execFileSync } from 'node:child_process'
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { startGitHub } from '../standins/github/index.ts'
import { freePort } from '../support/free-port.ts'
import { request } from '../support/http.ts'
import { mustRun } from '../support/must-run.ts'
import { ReceiverProcess, type LogLine } from '../support/receiver-process.ts'
import { DEPLOY_CONFIG } from '../support/scene.ts'
import { aliasBody, sendWandb, WANDB_SECRET } from '../support/send.ts'
import { canHave, mountSmallDisk } from './small-disk.ts'

const MAIN = join(import.meta.dirname, '..', '..', 'receiver', 'main.ts')
const ended: (() => void | Promise<void>)[] = []
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end()
})

/** A receiver whose stdout goes to this file or named pipe, ready, and the GitHub that it dispatches to. */
async function startInto(path: string) {
  const github = await startGitHub({ limits: { enabled: false } })
  ended.push(() => github.close())
  const port = await freePort()
  const receiver = new ReceiverProcess({
    config: DEPLOY_CONFIG,
    github_url: github.url,
    env: { WANDB_WEBHOOK_SECRET: WANDB_SECRET, PORT: String(port) },
    command: ['sh', '-c', `exec "${process.execPath}" "${MAIN}" >> "${path}"`],
  })
  ended.push(() => receiver.remove())
  void receiver.launch()
  receiver.url = `http://127.0.0.1:${port}`
  await expect.poll(() => request(`${receiver.url}/readyz`).then(({ status }) => status, String)).toBe(200)
  return { github, receiver }
}

type Started = Awaited<ReturnType<typeof startInto>>

/** Webhooks are answered and dispatched. */
async function expectWork({ github, receiver }: Started, models: number): Promise<void> {
  for (let n = 0; n < models; n++) {
    const answer = await sendWandb(receiver.url, aliasBody({ artifact_collection_name: `model-${n}` }))
    expect(answer.status).toBe(202)
  }
  await expect.poll(() => github.dispatches.length).toBe(models)
}

const messages = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as LogLine).message)

/** A whole log: from the start, every webhook, to the end. */
function expectWhole(text: string, models: number): void {
  const said = messages(text)
  expect(said[0]).toBe('listening')
  expect(said.filter((message) => message === 'event accepted')).toHaveLength(models)
  expect(said.at(-1)).toBe('stopped')
}

/** A named pipe that is full; `read` takes what is in it, beyond what filled it. */
function fullPipe() {
  const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-pipe-'))
  ended.push(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'log')
  execFileSync('mkfifo', [path])
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  ended.push(() => closeSync(fd))
  const page = Buffer.alloc(4_096)
  const tried = (step: () => number) => {
    try {
      return step()
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('EAGAIN')
      return 0
    }
  }
  while (tried(() => writeSync(fd, page)) > 0);
  const read = () => {
    const bytes = tried(() => readSync(fd, page))
    return page.toString('utf8', 0, bytes).replaceAll('\0', '')
  }
  return { path, read }
}

describe('a log that nobody reads', () => {
  it('holds up neither webhooks nor deliveries nor the end', async () => {
    const started = await startInto(fullPipe().path)
    await expectWork(started, 20)
    expect(await started.receiver.stop()).toEqual({ code: 0, signal: null })
  })

  it('is whole once it is read, up to the last line', async () => {
    const pipe = fullPipe()
    const started = await startInto(pipe.path)
    await expectWork(started, 20)
    started.receiver.signal('SIGTERM')
    let text = ''
    await expect.poll(() => (text += pipe.read())).toMatch(/"stopped"}\n$/)
    expect(await started.receiver.exited).toEqual({ code: 0, signal: null })
    expectWhole(text, 20)
  })
})

describe.runIf(
  mustRun(
    canHave(() => mountSmallDisk(1)),
    'the test of a log on a full disk',
    'this user may not mount',
  ),
)('a log on a full disk', () => {
  function fullDisk() {
    const disk = mountSmallDisk(1)
    if (disk === null) throw new Error('The disk could be mounted before.')
    ended.push(() => disk.remove())
    disk.fill()
    return { disk, path: join(disk.path, 'log') }
  }

  it('holds up neither webhooks nor deliveries nor the end', async () => {
    const { path } = fullDisk()
    const started = await startInto(path)
    await expectWork(started, 20)
    expect(await started.receiver.stop()).toEqual({ code: 0, signal: null })
    expect(readFileSync(path, 'utf8')).toBe('')
  })

  it('is whole when the disk has space again before the end', async () => {
    const { disk, path } = fullDisk()
    const started = await startInto(path)
    await expectWork(started, 20)
    disk.free()
    await started.receiver.stop()
    expectWhole(readFileSync(path, 'utf8'), 20)
  })
})

describe('the end of a log', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('is written before %s ends the process', async (signal) => {
    const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-log-'))
    ended.push(() => rmSync(folder, { recursive: true, force: true }))
    const path = join(folder, 'log')
    const started = await startInto(path)
    await expectWork(started, 20)
    started.receiver.signal(signal)
    await started.receiver.exited
    expectWhole(readFileSync(path, 'utf8'), 20)
  })
})
