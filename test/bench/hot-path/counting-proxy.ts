import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A proxy before PostgreSQL that counts how often a client waits for the server. */
export interface CountingProxy {
  /** The database's URL, through the proxy. */
  url: string
  /** Round trips so far: the client sent something after all that the server had said. */
  readonly round_trips: number
  close(): void
}

/** Starts one on a free port of 127.0.0.1. Messages that a client sends without waiting in between are one round trip. */
export async function startCountingProxy(database: string): Promise<CountingProxy> {
  const target = new URL(database)
  const sockets = new Set<Socket>()
  let round_trips = 0
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host: target.hostname, port: Number(target.port), noDelay: true })
    let asked = false
    client.on('data', (bytes) => {
      if (!asked) round_trips += 1
      asked = true
      upstream.write(bytes)
    })
    upstream.on('data', (bytes) => {
      asked = false
      client.write(bytes)
    })
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = new URL(database)
  url.hostname = '127.0.0.1'
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    get round_trips() {
      return round_trips
    },
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
