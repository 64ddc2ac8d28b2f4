import { createServer, type AddressInfo } from 'node:net'

/** Resolves with a port of 127.0.0.1 that nobody uses just now. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}
