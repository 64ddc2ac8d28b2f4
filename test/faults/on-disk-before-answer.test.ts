import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { mustRun } from '../support/must-run.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'
import { readTrace, whyNotDurable } from '../support/trace.ts'

const CALLS = 'read,recvfrom,write,writev,sendto,pwrite64,fsync,fdatasync'
const STRACE = ['-f', '-y', '-s', '200', '-e', `trace=${CALLS}`]

const strace = spawnSync('strace', ['-V']).status === 0
const runs = mustRun(strace, 'the test of what is on disk before the answer', 'strace is not installed')

describe.runIf(runs)('what a 202 promises, seen by the operating system', () => {
  const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-trace-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('is on disk: the WAL is written and synchronised after the request and before the answer', async () => {
    const scene = await startScene()
    const file = join(folder, 'receiver')
    await holdLane(scene)
    const tracer = spawn('strace', [...STRACE, '-o', file, '-p', String(scene.receiver.pid)])
    try {
      await said(tracer, 'stderr', /attached/)
      const body = aliasBody({ artifact_collection_name: 'bert' })
      expect((await sendWandb(scene.receiver.url, body)).status).toBe(202)
      // The answer is here before the tracer has written that it was sent.
      await scene.receiver.waitFor(() => verdict(file) !== 'no 202 was written')
    } finally {
      tracer.kill('SIGINT')
      await once(tracer, 'close')
      await scene.close()
    }
    expect(verdict(file)).toBeNull()
  })

  it.each([
    ['full', null],
    ['normal', 'the WAL was not synchronised between its last write and the answer'],
  ])('is seen to be so or not: a store with synchronous=%s', async (synchronous, expected) => {
    const file = join(folder, synchronous)
    const script = join(import.meta.dirname, '..', 'support', 'unsafe-store.ts')
    const args = [
      ...STRACE,
      '-o',
      file,
      process.execPath,
      script,
      join(folder, `data-${synchronous}`),
      synchronous,
    ]
    const traced = spawn('strace', args)
    traced.stdin.write('POST /webhooks/wandb HTTP/1.1\r\n')
    await said(traced, 'stdout', /HTTP\/1\.1 202/)
    traced.stdin.end()
    await once(traced, 'close')
    expect(verdict(file)).toBe(expected)
  })
})

/**
 * Lets a first dispatch hang, so that nothing can be claimed: a claim would write to the log between the event's own
 * commit and its answer, and its commit comes after the answer.
 */
async function holdLane({ github, receiver }: Scene): Promise<void> {
  github.failNext({ kind: 'hang' }, { operation: 'dispatch' })
  const { body } = await sendWandb(receiver.url, aliasBody())
  const [id = ''] = body['deliveries'] as string[]
  await receiver.waitFor(
    async () => (await receiver.api(`/api/v1/deliveries/${id}`)).body['status'] === 'delivering',
  )
}

const verdict = (file: string) => whyNotDurable(readTrace(readFileSync(file, 'utf8')))

/** Waits until a child says so. */
async function said(child: ChildProcess, stream: 'stdout' | 'stderr', what: RegExp): Promise<void> {
  let text = ''
  await new Promise<void>((resolve, reject) => {
    child[stream]?.on('data', (part: Buffer) => {
      text += part.toString()
      if (what.test(text)) resolve()
    })
    child.on('close', () => reject(new Error(`It ended without saying ${String(what)}: ${text}`)))
  })
}
