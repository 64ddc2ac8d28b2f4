import type { OperationName, Operations } from './store.ts'

/**
 * The names of all operations. How each is done stands in `operations.ts`, which a thread that only asks the store need
 * not load.
 */
const NAMES = {
  accept: true,
  addAudit: true,
  advance: true,
  advanceLookups: true,
  automationNames: true,
  automationsVersion: true,
  backlog: true,
  bringForward: true,
  cancel: true,
  deleteAutomation: true,
  deleteSecret: true,
  getDelivery: true,
  getEvent: true,
  getRevision: true,
  lastHeard: true,
  lastSeen: true,
  listAudit: true,
  listDeliveries: true,
  listEvents: true,
  listLanes: true,
  listSubjects: true,
  previewRedeliver: true,
  resumeLane: true,
  sourceActivity: true,
  staleReplays: true,
  listSecrets: true,
  noteSecretsUsed: true,
  overview: true,
  ping: true,
  probeLanes: true,
  putAutomation: true,
  putSecret: true,
  readSecrets: true,
  recover: true,
  redeliver: true,
  redeliverMany: true,
  renameLane: true,
  resealSecret: true,
  saveRevisions: true,
  secretsKeys: true,
  secretsOfOtherKeys: true,
  storedDelivery: true,
  storedAutomations: true,
  sweep: true,
  wakeLanes: true,
} satisfies Record<OperationName, true>

/** Returns the operations as a store offers them, each through `call`. */
export function operationsThrough(
  call: (name: OperationName, args: unknown) => Promise<unknown>,
): Operations {
  const names = Object.keys(NAMES) as OperationName[]
  return Object.fromEntries(
    names.map((name) => [name, (args: unknown) => call(name, args)]),
  ) as unknown as Operations
}
