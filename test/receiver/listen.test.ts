import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ROOM, type Room } from '../../receiver/crowd.ts'
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

describe('A server that strangers ask for more than there is room for', () => {
  /** Requests that wait for their answers, and a server that has little room. */
  async function crowded(room: Partial<Room>) {
    const [waiting, reasons]: [(() => void)[], string[]] = [[], []]
    const server = await listen((_request, response) => void waiting.push(() => response.end('at last')), {
      ...{ host: '127.0.0.1', port: 0, patience: SHORT },
      room: { ...ROOM, ...room },
      onCrowded: (reason) => void reasons.push(reason),
    })
    onTestFinished(() => server.close(() => Promise.resolve()))
    return { url: server.url, waiting, reasons }
  }

  it('answers as many requests as a connection may send ahead, and cuts one that sends more', async () => {
    const { url, waiting, reasons } = await crowded({ ahead: 3 })
    const polite = await dial(url)
    polite.socket.write(get('/').repeat(3))
    await expect.poll(() => waiting.length).toBe(3)
    for (const answer of waiting.splice(0)) answer()
    await expect.poll(() => polite.received().match(/at last/g)).toHaveLength(3)
    polite.socket.write(get('/'))
    await expect.poll(() => waiting.length).toBe(1)

    const greedy = await dial(url)
    greedy.socket.write(get('/').repeat(1_000))
    await once(greedy.socket, 'close')
    expect(waiting.length).toBe(4)
    expect(reasons).toEqual(['a connection had 3 requests without an answer and sent more'])
  })

  it('answers 503 with Retry-After while it holds as many requests as it may, and takes the next one after', async () => {
    const { url, waiting, reasons } = await crowded({ requests: 2 })
    const [one, two, three, four] = await Promise.all([dial(url), dial(url), dial(url), dial(url)])
    one.socket.write(get('/'))
    two.socket.write(get('/'))
    await expect.poll(() => waiting.length).toBe(2)
    three.socket.write(get('/'))
    await once(three.socket, 'close')
    expect(three.received()).toMatch(/^HTTP\/1.1 503 .*retry-after: 30.*"error":"busy"/is)
    expect(reasons).toEqual(['2 requests are without an answer'])
    waiting.shift()?.()
    await expect.poll(one.received).toContain('at last')
    four.socket.write(get('/'))
    await expect.poll(() => waiting.length).toBe(2)
  })

  it('closes connections beyond the most that it keeps', async () => {
    const { url, reasons } = await crowded({ connections: 1 })
    await dial(url)
    const second = await dial(url)
    await once(second.socket, 'close')
    expect(reasons).toEqual(['1 connections are open'])
  })
})
