import type { OperationName, Operations } from './store.ts'

/**
 * The names of all operations, and which of them are lists: they only read, and what they read may be much, so nothing
 * else waits for them. How each is done stands in `operations.ts`, which a thread that only asks the store need not load.
 */
const NAMES = {
  accept: 'work',
  addAudit: 'work',
  advance: 'work',
  advanceLookups: 'work',
  automationNames: 'list',
  automationsVersion: 'work',
  backlog: 'list',
  bringForward: 'work',
  cancel: 'work',
  deleteAutomation: 'work',
  deleteSecret: 'work',
  getDelivery: 'list',
  getEvent: 'list',
  getRevision: 'work',
  lastHeard: 'work',
  lastSeen: 'work',
  listAudit: 'list',
  listDeliveries: 'list',
  listEvents: 'list',
  listLanes: 'list',
  listSubjects: 'list',
  previewRedeliver: 'list',
  resumeLane: 'work',
  sourceActivity: 'list',
  staleReplays: 'work',
  listSecrets: 'work',
  noteSecretsUsed: 'work',
  overview: 'list',
  ping: 'work',
  probeLanes: 'work',
  putAutomation: 'work',
  putSecret: 'work',
  readSecrets: 'work',
  recover: 'work',
  redeliver: 'work',
  redeliverMany: 'work',
  renameLane: 'work',
  resealSecret: 'work',
  saveRevisions: 'work',
  secretsKeys: 'work',
  secretsOfOtherKeys: 'work',
  storedDelivery: 'work',
  storedAutomations: 'work',
  sweep: 'work',
  wakeLanes: 'work',
} satisfies Record<OperationName, 'list' | 'work'>

/** Returns whether an operation is a list. */
export const isList = (name: OperationName): boolean => NAMES[name] === 'list'

/** Returns the operations as a store offers them, each through `call`. */
export function operationsThrough(
  call: (name: OperationName, args: unknown) => Promise<unknown>,
): Operations {
  const names = Object.keys(NAMES) as OperationName[]
  return Object.fromEntries(
    names.map((name) => [name, (args: unknown) => call(name, args)]),
  ) as unknown as Operations
}
