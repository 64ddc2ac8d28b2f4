import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { ROOM, withRoom, type OnCrowded, type Room } from './crowd.ts'

/** How long a server waits, in ms. */
export interface Patience {
  /** For the headers of a request, and for all of it, from its first byte on. */
  headers_ms: number
  request_ms: number
  /** For the next request of a connection, or for its first. Load balancers keep theirs for 60 s. */
  idle_ms: number
  /** How often begun requests are looked at. */
  check_ms: number
}

const PATIENCE: Patience = { headers_ms: 5_000, request_ms: 15_000, idle_ms: 75_000, check_ms: 1_000 }
/** How long answers that are still being read may take at the end, in ms. */
const CUT_MS = 2_000

/** A server that takes requests. */
export interface Listening {
  /** Where it listens: `http://127.0.0.1:8080`. */
  url: string
  /** Goes on taking requests, and asks each sender to open another connection for the next one. */
  drain(): void
  /** Takes no more requests, waits until all that were taken are `answered`, and closes every connection. */
  close(answered: () => Promise<void>): Promise<void>
}

/** Where to listen; port 0 takes a free one. */
export interface ListenOptions {
  host: string
  port: number
  /** The variables that say so, for the message where this cannot be. Default: PORT and HOST. */
  variables?: ListenVariables
  patience?: Patience
  room?: Room
  /** Hears of what there was no room for. */
  onCrowded?: OnCrowded
}

/** The variables that name a port and its address. */
export interface ListenVariables {
  port: 'PORT' | 'ADMIN_PORT'
  host: 'HOST' | 'ADMIN_HOST'
}

/** Starts a server. Rejects with Node.js's error where it cannot listen; its `variables` are those given. */
export async function listen(
  handler: RequestListener,
  { host, port, variables, patience = PATIENCE, room = ROOM, onCrowded = () => undefined }: ListenOptions,
): Promise<Listening> {
  let draining = false
  const timeouts = {
    headersTimeout: patience.headers_ms,
    requestTimeout: patience.request_ms,
    keepAliveTimeout: patience.idle_ms,
    connectionsCheckingInterval: patience.check_ms,
  }
  const limited = withRoom(handler, room, onCrowded)
  const server = createServer(timeouts, (request, response) => {
    if (draining) response.setHeader('Connection', 'close')
    limited(request, response)
  })
  server.maxConnections = room.connections
  server.on('drop', () => onCrowded(`${room.connections} connections are open`))
  const unused = waitForFirstByte(server, patience.idle_ms)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(Object.assign(error, { variables }))
    })
    server.listen(port, host, resolve)
  })
  return {
    url: urlOf(server),
    drain() {
      draining = true
    },
    async close(answered) {
      for (const socket of unused) socket.destroy()
      await close(server, answered)
    },
  }
}

function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

/**
 * Keeps a new connection from Node.js until its first byte comes: Node.js counts the time for the headers from the
 * moment a connection is opened, and would cut one that a load balancer opens ahead of use. Returns those that wait.
 */
function waitForFirstByte(server: Server, idle_ms: number): ReadonlySet<Socket> {
  const [begin] = server.listeners('connection') as ((socket: Socket) => void)[]
  const unused = new Set<Socket>()
  server.removeAllListeners('connection')
  server.on('connection', (socket) => {
    unused.add(socket)
    const cut = () => socket.destroy()
    socket.setTimeout(idle_ms, cut)
    socket.once('error', cut)
    socket.once('close', () => unused.delete(socket))
    socket.once('readable', () => {
      unused.delete(socket)
      socket.off('timeout', cut).off('error', cut)
      socket.setTimeout(0)
      begin?.call(server, socket)
    })
  })
  return unused
}

async function close(server: Server, answered: () => Promise<void>): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeIdleConnections()
  await answered()
  const cut = setTimeout(() => {
    server.closeAllConnections()
  }, CUT_MS)
  await closed
  clearTimeout(cut)
}
