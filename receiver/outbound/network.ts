import { EnvHttpProxyAgent, setGlobalDispatcher, type Dispatcher } from 'undici'

/** How long one connection may take to open, in ms. */
export const CONNECT_TIMEOUT_MS = 5_000

/** How long idle connections are kept, in ms: shorter than GitHub keeps them, so that a dead one is seldom used. */
const KEEP_ALIVE_MS = 10_000

let network: EnvHttpProxyAgent | null = null

/**
 * Makes all that is asked of {@link networkDispatcher}, and the global `fetch`, follow `HTTPS_PROXY`, `HTTP_PROXY` and
 * `NO_PROXY` of the environment as it is now. Call it once, at the start of the process; `close` of the result closes
 * every connection.
 */
export function installNetwork(): { close(): Promise<void> } {
  const agent = createAgent()
  network = agent
  setGlobalDispatcher(agent)
  return { close: () => agent.close() }
}

/**
 * Returns what sends requests by the environment's proxies, limits how long a connection takes to open, and keeps idle
 * ones alive. Not undici's global one: where nothing is installed, that may be of the version that Node has built in.
 */
export const networkDispatcher = (): Dispatcher => (network ??= createAgent())

function createAgent(): EnvHttpProxyAgent {
  return new EnvHttpProxyAgent({
    connect: { timeout: CONNECT_TIMEOUT_MS },
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    allowH2: false,
  })
}
