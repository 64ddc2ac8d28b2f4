import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { DEPLOY_CONFIG, startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb, WANDB_SECRET } from '../support/send.ts'

const MB = 2 ** 20

let scene: Scene
beforeAll(async () => {
  scene = await startScene({
    config: DEPLOY_CONFIG.replace('type: wandb,', 'type: wandb, body_limit: 40MiB,'),
  })
})
afterAll(() => scene.close())

/** A connection to the receiver that has begun a webhook, and what has come over it. */
function begin(headers: readonly string[]): { socket: Socket; received: () => string } {
  const socket = connect(Number(new URL(scene.receiver.url).port), '127.0.0.1')
  let received = ''
  socket.on('data', (chunk) => (received += String(chunk)))
  socket.on('error', () => undefined)
  socket.write(['POST /webhooks/wandb HTTP/1.1', 'Host: receiver', ...headers, '', ''].join('\r\n'))
  onTestFinished(() => void socket.destroy())
  return { socket, received: () => received }
}

const residentMemory = () =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${scene.receiver.pid}/status`, 'utf8'))?.[1]) / 1024

it('Many large bodies that never end take 128 MiB together: the next one is answered 503, a small one is taken', async () => {
  const begun = Array.from({ length: 8 }, () => {
    const one = begin([`Content-Length: ${40 * MB}`])
    one.socket.write(Buffer.alloc(30 * MB, 'x'))
    return one
  })
  const answered = () => begun.map(({ received }) => received()).filter((text) => text !== '')
  await expect.poll(() => answered().length, { timeout: 10_000 }).toBeGreaterThan(0)
  for (const text of answered()) expect(text).toMatch(/^HTTP\/1.1 503 .*retry-after: 30.*"error":"busy"/is)
  expect((await sendWandb(scene.receiver.url, aliasBody())).status).toBe(202)
  for (const { socket } of begun) socket.destroy()
  const large = aliasBody({ artifact_collection_name: 'large', note: 'x'.repeat(MB) })
  await expect.poll(async () => (await sendWandb(scene.receiver.url, large)).status).toBe(202)
})

it('A body that comes byte by byte is put together as it was signed, and takes no object for each byte', async () => {
  const body = JSON.stringify(aliasBody({ artifact_collection_name: 'slow', note: 'y'.repeat(150_000) }))
  const signature = createHmac('sha256', WANDB_SECRET).update(body).digest('base64')
  const before = residentMemory()
  const headers = ['Transfer-Encoding: chunked', `X-Wandb-Signature: ${signature}`]
  const senders = Array.from({ length: 4 }, () => begin(headers))
  const bytes = Array.from(body, (byte) => `1\r\n${byte}\r\n`).join('')
  for (const { socket } of senders) socket.write(`${bytes}0\r\n\r\n`)
  let peak = before
  const answered = () => {
    peak = Math.max(peak, residentMemory())
    return senders.map(({ received }) => received().slice(9, 12)).toSorted()
  }
  await expect.poll(answered, { timeout: 20_000, interval: 10 }).toEqual(['200', '200', '200', '202'])
  expect(peak - before).toBeLessThan(120)
})
