import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import {
  createServer as createHttpServer,
  type IncomingHttpHeaders,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

/** One request as it arrived. */
export interface Arrival {
  method: string
  /** Path and query. */
  path: string
  headers: IncomingHttpHeaders
  body: Buffer
}

/** A user's server on loopback: it keeps what arrives, byte for byte, and answers as it is told. */
export interface Target {
  url: string
  port: number
  arrived: Arrival[]
  /** Answers the requests to come; 200 `ok` at first. */
  answer(respond: (response: ServerResponse, arrival: Arrival) => void): void
  close(): Promise<void>
}

/** The private CA, and the certificate, of the stand-in behind TLS: it is valid for `github.test` only. */
export const CERTIFICATE = new URL('../github/tls/cert.pem', import.meta.url).pathname

/** The paths of a certificate and its key. */
export interface TlsFiles {
  cert: string
  key: string
}

/** Starts a target, with `tls` behind the certificate of `github.test`. */
export async function startTarget({
  tls = false,
  host = '127.0.0.1',
}: { tls?: boolean | TlsFiles; host?: string } = {}): Promise<Target> {
  const arrived: Arrival[] = []
  let respond: Parameters<Target['answer']>[0] = (response) => response.end('ok')
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request
      const arrival = { method, path, headers, body: Buffer.concat(chunks) }
      arrived.push(arrival)
      respond(response, arrival)
    })
  }
  const files = tls === true ? { cert: CERTIFICATE, key: CERTIFICATE.replace('cert', 'key') } : tls
  const keys = files === false ? null : { cert: readFileSync(files.cert), key: readFileSync(files.key) }
  const server = keys === null ? createHttpServer(listener) : createHttpsServer(keys, listener)
  server.listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http${keys === null ? '' : 's'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    arrived,
    answer: (next) => {
      respond = next
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
