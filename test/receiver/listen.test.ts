import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { expect, it, onTestFinished } from 'vitest'
import { listen, type Patience } from '../../receiver/listen.ts'

/** A tenth and less of what the receiver has, in the same proportions. */
const SHORT: Patience = { headers_ms: 200, request_ms: 400, idle_ms: 5_000, check_ms: 20 }

async function open(patience: Patience = SHORT) {
  const server = await listen((request, response) => response.end(`answer to ${request.url ?? ''}`), {
    host: '127.0.0.1',
    port: 0,
    patience,
  })
  onTestFinished(() => server.close(() => Promise.resolve()))
  return server
}

/** A connection, and all that has come over it. */
async function dial(url: string): Promise<{ socket: Socket; received: () => string }> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  let received = ''
  socket.on('data', (chunk) => (received += String(chunk)))
  await once(socket, 'connect')
  onTestFinished(() => void socket.destroy())
  return { socket, received: () => received }
}

const waitFor = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: receiver\r\n\r\n`

it('A connection that a load balancer opens ahead of use, and lets rest, is answered on every request', async () => {
  const { socket, received } = await dial((await open()).url)
  for (const path of ['/first', '/second']) {
    await waitFor(2 * SHORT.request_ms)
    socket.write(get(path))
    await expect.poll(received).toContain(`answer to ${path}`)
  }
  expect(received()).not.toContain('408')
})

it('A request that is begun and left is cut with 408, on a new connection and on a used one', async () => {
  const { url } = await open()
  const fresh = await dial(url)
  fresh.socket.write('GET / HTTP/1.1\r\nHo')
  await once(fresh.socket, 'close')
  expect(fresh.received()).toMatch(/^HTTP\/1.1 408 /)

  const used = await dial(url)
  used.socket.write(get('/first'))
  await expect.poll(used.received).toContain('answer to /first')
  used.socket.write('GET /second')
  await once(used.socket, 'close')
  expect(used.received()).toContain('HTTP/1.1 408 ')
})

it('A connection that never says anything is closed in the end', async () => {
  const { socket } = await dial((await open({ ...SHORT, idle_ms: 50 })).url)
  await once(socket, 'close')
})

it('Idle connections live longer than the 60 seconds of a load balancer', async () => {
  const server = await listen((_request, response) => response.end(), { host: '127.0.0.1', port: 0 })
  onTestFinished(() => server.close(() => Promise.resolve()))
  const { socket, received } = await dial(server.url)
  socket.write(get('/'))
  await expect.poll(received).toContain('Keep-Alive: timeout=75')
})

it('While the server drains, its answers ask for another connection, and the end closes unused ones', async () => {
  const server = await open()
  const [used, unused] = [await dial(server.url), await dial(server.url)]
  server.drain()
  used.socket.write(get('/last'))
  await once(used.socket, 'close')
  expect(used.received()).toContain('Connection: close')
  expect(used.received()).toContain('answer to /last')
  const closed = once(unused.socket, 'close')
  await server.close(() => Promise.resolve())
  await closed
})
