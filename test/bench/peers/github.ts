import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A stand-in for GitHub that keeps nothing but a count: a benchmark may send it millions of dispatches. */
export interface CountingGitHub {
  url: string
  /** Dispatches so far. */
  readonly dispatches: number
  close(): void
}

/** Starts one in this process. `onDispatch` is called when a dispatch begins to arrive, before its body is read. */
export async function startCountingGitHub(onDispatch: () => void = () => undefined): Promise<CountingGitHub> {
  let dispatches = 0
  const server: Server = createServer((request, response) => {
    if (request.method === 'POST') onDispatch()
    request.resume().on('end', () => {
      if (request.method === 'POST') {
        dispatches += 1
        response.writeHead(204).end()
      } else {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ login: userOf(request) }))
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get dispatches() {
      return dispatches
    },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** Every token is a user of its own, so that each has its own lane. */
function userOf({ headers }: IncomingMessage): string {
  return (headers.authorization ?? '').replace(/^\w+ /, '').replaceAll('_', '-')
}
