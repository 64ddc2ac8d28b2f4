import { EnvHttpProxyAgent, setGlobalDispatcher } from 'undici'

/** How long one connection may take to open, in ms. */
export const CONNECT_TIMEOUT_MS = 5_000

/** How long idle connections are kept, in ms: shorter than GitHub keeps them, so that a dead one is seldom used. */
const KEEP_ALIVE_MS = 10_000

/**
 * Makes the global `fetch` follow `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` of the environment, limits how long a
 * connection takes to open, and keeps idle ones alive. Call it once, at the start of the process; `close` of the result
 * closes every connection.
 */
export function installNetwork(): { close(): Promise<void> } {
  const agent = new EnvHttpProxyAgent({
    connect: { timeout: CONNECT_TIMEOUT_MS },
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    allowH2: false,
  })
  setGlobalDispatcher(agent)
  return { close: () => agent.close() }
}
