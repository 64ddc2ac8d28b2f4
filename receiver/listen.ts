import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** How long a request may take to arrive, in ms; Node.js looks only at intervals, half a minute unless told. */
const TIMEOUTS = { headersTimeout: 5_000, requestTimeout: 15_000, connectionsCheckingInterval: 1_000 }
/** How long answers that are still being read may take at the end, in ms. */
const CUT_MS = 2_000

/** A server that takes requests. */
export interface Listening {
  /** Where it listens: `http://127.0.0.1:8080`. */
  url: string
  /** Takes no more requests, waits until all that were taken are `answered`, and closes every connection. */
  close(answered: () => Promise<void>): Promise<void>
}

/** Starts a server; port 0 takes a free one. Rejects with Node.js's error where it cannot listen. */
export async function listen(handler: RequestListener, host: string, port: number): Promise<Listening> {
  const server = createServer(TIMEOUTS, handler)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return { url: urlOf(server), close: (answered) => close(server, answered) }
}

function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
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
