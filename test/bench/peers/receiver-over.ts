import { readEnvironment } from '../../../receiver/config/environment/environment.ts'
import { loadConfig } from '../../../receiver/config/load.ts'
import { DESTINATION_TYPES } from '../../../receiver/destinations/index.ts'
import { createGitHub } from '../../../receiver/github/github.ts'
import { createLog } from '../../../receiver/observe/log.ts'
import { startReceiver, type Receiver } from '../../../receiver/receiver.ts'
import { SOURCE_TYPES } from '../../../receiver/sources/index.ts'
import type { Store } from '../../../receiver/store/store.ts'
import { NOTHING_TO_DO } from '../../support/attempts.ts'
import { publicOutbound } from '../../support/outbound.ts'

/** What ingest and a start ask of a store, and nothing is kept; `watched` replaces operations. */
export const emptyStore = (watched: Partial<Store> = {}): Store => {
  const store: Partial<Store> = {
    engine: 'sqlite',
    accept: ({ events }) =>
      Promise.resolve(events.map(({ id }) => ({ outcome: 'accepted', event_id: id, repeat_of: null }))),
    advance: () => Promise.resolve(NOTHING_TO_DO),
    automationsVersion: () => Promise.resolve(0),
    backlog: () => Promise.resolve(0),
    bringForward: () => Promise.resolve(0),
    close: () => Promise.resolve(),
    lastSeen: () => Promise.resolve(0),
    probeLanes: () => Promise.resolve([]),
    recover: () => Promise.resolve({ reclaimed: 0, given_up: [] }),
    renameLane: () => Promise.resolve(),
    saveRevisions: () => Promise.resolve(),
    secretsKeys: () => Promise.resolve([]),
    secretsOfOtherKeys: () => Promise.resolve([]),
    storedAutomations: () => Promise.resolve({ version: 0, items: [] }),
    sweep: () => Promise.resolve({ gone: 0, is_done: true }),
    wakeLanes: () => Promise.resolve(0),
    onWork: () => undefined,
    ...watched,
  }
  return store as Store
}

/** Starts the receiver in this process over a store of the caller's, with these variables. */
export async function startReceiverOver(
  store: Store,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Receiver> {
  const environment = readEnvironment(env)
  const { config } = loadConfig({
    path: environment.config_path,
    env,
    environment,
    sources: SOURCE_TYPES,
    destinations: DESTINATION_TYPES,
  })
  return startReceiver({
    host: environment.host,
    port: environment.port,
    public_url: null,
    config,
    store,
    github: createGitHub,
    outbound: publicOutbound(),
    log: createLog(environment.log_level),
  })
}
