import { EnvHttpProxyAgent, setGlobalDispatcher } from 'undici'

/** How long one connection may take to open, ms. */
export const CONNECT_TIMEOUT_MS = 5_000

/** Idle connections are kept so long, ms: shorter than GitHub's own limit, so that a dead one is seldom written to. */
const KEEP_ALIVE_MS = 10_000

/**
 * Makes the global `fetch` go by `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` of the environment, with a limit for
 * opening connections and idle ones kept alive. Call it once, at the start of the process; the answer closes what
 * it opened.
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
