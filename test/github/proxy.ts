import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { connect, type AddressInfo } from 'node:net'

export interface ForwardProxy {
  url: string
  /** What was asked for: `CONNECT github.test:443`, `POST http://github.test/…`. */
  asked: string[]
  close(): void
}

/**
 * A forward proxy on loopback that leads every name to one port of this machine.
 * With `credentials` it refuses who does not give them.
 */
export async function startProxy(port: number, credentials: string | null = null): Promise<ForwardProxy> {
  const asked: string[] = []
  const expected = credentials === null ? null : `Basic ${Buffer.from(credentials).toString('base64')}`
  const server = createServer((incoming, response) => {
    asked.push(`${incoming.method ?? ''} ${incoming.url ?? ''}`)
    const { pathname: path } = new URL(incoming.url ?? '')
    const { method, headers } = incoming
    const outgoing = request({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    incoming.pipe(outgoing)
  })
  server.on('connect', (incoming, client) => {
    asked.push(`CONNECT ${incoming.url ?? ''}`)
    if (expected !== null && incoming.headers['proxy-authorization'] !== expected) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      return
    }
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      upstream.pipe(client).pipe(upstream)
    })
    for (const socket of [client, upstream]) socket.on('error', () => undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port: own } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${own}`,
    asked,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
