import { spawn } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

const ROOT = join(import.meta.dirname, '..', '..')

/** Runs a command against a receiver, and returns what it printed with its exit code. */
async function run(url: string, args: readonly string[]) {
  const child = spawn(process.execPath, ['receiver/main.ts', ...args, '--url', url], {
    cwd: ROOT,
    timeout: 30_000,
    env: { PATH: process.env['PATH'], ADMIN_TOKEN },
  })
  const ended = { stdout: '', stderr: '' }
  child.stdout.on('data', (text: Buffer) => (ended.stdout += text.toString()))
  child.stderr.on('data', (text: Buffer) => (ended.stderr += text.toString()))
  const status = await new Promise<number | null>((done) => child.on('close', done))
  return { status, ...ended }
}

describe('replay and redeliver of many', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene()
    scene.github.failNext({ kind: 'answer', name: 'not-found' }, { operation: 'dispatch', times: 3 })
    for (const model of ['resnet50', 'vgg16', 'bert'])
      await sendWandb(scene.receiver.url, aliasBody({ artifact_collection_name: model }))
    await sendWandb(scene.receiver.url, aliasBody({ alias: 'staging' }))
    const failed = async () => (await scene.receiver.api('/api/v1/deliveries?status=failed')).body['items']
    await vi.waitFor(async () => expect(await failed()).toHaveLength(3), { timeout: 20_000 })
  })
  afterAll(() => scene.close())

  it('say what would be sent where --yes is not given, and send nothing', async () => {
    const redelivered = await run(scene.receiver.url, ['redeliver', '--since', '1h'])
    expect(redelivered).toMatchObject({ status: 0, stderr: '' })
    expect(redelivered.stdout).toBe(
      '3 deliveries would be tried again.\n       3  acme/serving\nNothing was sent. Add --yes to send it.\n',
    )
    const replayed = await run(scene.receiver.url, [
      'replay',
      '--all',
      '--source',
      'wandb',
      '--dry-run',
      '--json',
    ])
    expect(JSON.parse(replayed.stdout)).toMatchObject({
      ...{ dry_run: true, events: 4, deliveries: 3, unmatched: 1, stale: 0 },
      by_target: [{ target: 'acme/serving', count: 3 }],
    })
    expect(scene.github.dispatches).toEqual([])
  })

  it('send what the filters name with --yes', async () => {
    const args = ['redeliver', '--since', '1h', '--model', 'bert', '--yes']
    expect(await run(scene.receiver.url, args)).toMatchObject({
      status: 0,
      stdout: '1 delivery put back into the queue.\n',
    })
    await expect.poll(() => scene.github.dispatches, { timeout: 20_000 }).toHaveLength(1)
    const again = ['replay', '--since', '1h', '--model', 'vgg16', '--yes', '--json']
    expect(JSON.parse((await run(scene.receiver.url, again)).stdout)).toMatchObject({
      ...{ dry_run: false, events: 1, deliveries: 1 },
    })
    await expect.poll(() => scene.github.dispatches, { timeout: 20_000 }).toHaveLength(2)
  })

  it('redeliver one delivery by its id', async () => {
    const { body } = await scene.receiver.api('/api/v1/deliveries?status=failed&model=resnet50')
    const [{ id } = { id: '' }] = body['items'] as { id: string }[]
    expect(await run(scene.receiver.url, ['redeliver', id])).toMatchObject({
      status: 0,
      stdout: `${id}: put back into the queue.\n`,
    })
    await expect.poll(() => scene.github.dispatches, { timeout: 20_000 }).toHaveLength(3)
    const again = await run(scene.receiver.url, ['redeliver', 'dlv_that_is_not_there'])
    expect(again.stderr).toMatch(/answered 404: /)
    expect(again.status).toBe(2)
  })

  it.each<[string, string[], RegExp]>([
    ['many without a time', ['replay', '--until', '2026-11-28'], /--since is missing\.\n {2}-> .*--since 2h/],
    ['a filter alone', ['redeliver', '--model', 'bert'], /needs the id of a delivery, or a span of time/],
    ['both spans', ['replay', '--since', '1h', '--all'], /--since and --all are both given/],
    ['both answers', ['redeliver', '--all', '--yes', '--dry-run'], /--dry-run and --yes are both given/],
    ['a dry run of one', ['replay', 'evt_1', '--dry-run'], /--dry-run goes with --since.*\n {2}-> .*explain/],
    ['an id beside a time', ['replay', 'evt_1', '--since', '1h'], /An id and a span of time are both given/],
    ['a time that is none', ['replay', '--since', 'yesterday'], /since must be a time such as 2026-11-28T/],
    ['a status that is none', ['redeliver', '--all', '--status', 'dead'], /status must be one of failed, /],
  ])('refuse %s with code 2, and say what to do', async (_, args, message) => {
    const { status, stdout, stderr } = await run(scene.receiver.url, args)
    expect(stderr).toMatch(message)
    expect([status, stdout]).toEqual([2, ''])
  })
})

describe('an address that is not a receiver', () => {
  let server: Server
  let answer: { status: number; text: string }
  beforeAll(async () => {
    server = createServer((_, response) => response.writeHead(answer.status).end(answer.text))
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  })
  afterAll(() => server.close())

  it.each([
    [
      200,
      '<html>\u001b[2JLog in</html>',
      2,
      /answered 200 with something that is not JSON: <html> \[2JLog in/,
    ],
    [302, '', 2, /answered 302: .*\n {2}-> Give the address that this leads to as --url\./],
    [502, '<html>Bad Gateway</html>', 75, /answered 502: <html>Bad Gateway<\/html>\n {2}-> /],
  ])('and answers %i is named with what it said', async (status, text, code, message) => {
    answer = { status, text }
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const ended = await run(url, ['replay', '--all'])
    expect(ended.stderr).toMatch(message)
    expect(ended.status).toBe(code)
  })
})
