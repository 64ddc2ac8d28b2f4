/** The receiver over a store that keeps nothing: beside it, the receiver itself shows what the disk costs. */
import { readEnvironment } from '../../../receiver/config/environment/environment.ts'
import { loadConfig } from '../../../receiver/config/load.ts'
import { DESTINATION_TYPES } from '../../../receiver/destinations/index.ts'
import { createGitHub } from '../../../receiver/github/github.ts'
import { createLog } from '../../../receiver/observe/log.ts'
import { startReceiver } from '../../../receiver/receiver.ts'
import { SOURCE_TYPES } from '../../../receiver/sources/index.ts'
import type { Store } from '../../../receiver/store/store.ts'
import { NOTHING_TO_DO } from '../../support/attempts.ts'

const environment = readEnvironment(process.env)
const { config } = loadConfig({
  path: environment.config_path,
  env: process.env,
  environment,
  sources: SOURCE_TYPES,
  destinations: DESTINATION_TYPES,
})

/** What ingest and a start ask of a store; nothing else is asked here. */
const store: Partial<Store> = {
  engine: 'sqlite',
  accept: ({ events }) =>
    Promise.resolve(events.map(({ id }) => ({ outcome: 'accepted', event_id: id, repeat_of: null }))),
  advance: () => Promise.resolve(NOTHING_TO_DO),
  backlog: () => Promise.resolve(0),
  lastSeen: () => Promise.resolve(0),
  recover: () => Promise.resolve({ taken_back: 0, given_up: [] }),
  renameLane: () => Promise.resolve(),
  saveRevisions: () => Promise.resolve(),
  sweep: () => Promise.resolve(0),
  wakeLanes: () => Promise.resolve(0),
  onWork: () => undefined,
}

await startReceiver({
  host: environment.host,
  port: environment.port,
  public_url: null,
  admin_token: null,
  config,
  store: store as Store,
  github: createGitHub,
  log: createLog(environment.log_level),
})
