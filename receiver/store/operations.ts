import { accept } from './accept/accept.ts'
import { advanceLookups } from './accept/lookups.ts'
import { advance } from './advance/advance.ts'
import { recover } from './advance/recover.ts'
import { createTx, type Begun, type Dialect, type Tx } from './db.ts'
import { addAudit, listAudit } from './manage/audit.ts'
import {
  automationNames,
  automationsVersion,
  deleteAutomation,
  putAutomation,
  storedAutomations,
} from './manage/automations.ts'
import { cancel } from './manage/cancel.ts'
import { getDelivery, getEvent, listDeliveries, listEvents } from './manage/lists.ts'
import { listLanes, resumeLane } from './manage/lanes.ts'
import { listSubjects, sourceActivity } from './manage/on-call.ts'
import { previewRedeliver, staleReplays } from './manage/preview.ts'
import { overview } from './manage/overview.ts'
import { redeliver, redeliverMany } from './manage/redeliver.ts'
import { getRevision, saveRevisions } from './manage/revisions.ts'
import {
  deleteSecret,
  listSecrets,
  noteSecretsUsed,
  putSecret,
  readSecrets,
  resealSecret,
  secretsKeys,
  secretsOfOtherKeys,
} from './manage/secrets.ts'
import type { NewDelivery } from './records.ts'
import type { OperationName, Operations } from './store.ts'
import { findDelivery } from './tables/known.ts'
import { backlog } from './upkeep/backlog.ts'
import { bringForward } from './upkeep/bring-forward.ts'
import { lastHeard } from './upkeep/last-heard.ts'
import { lastSeen, ping } from './upkeep/notes.ts'
import { probeLanes } from './upkeep/probe-lanes.ts'
import { renameLane } from './upkeep/rename-lane.ts'
import { sweep } from './upkeep/sweep.ts'
import { wakeLanes } from './upkeep/wake-lanes.ts'

/** How one operation is done. */
interface Operation<K extends OperationName> {
  /** The transaction of the operation, which neither begins nor ends it. */
  run: (tx: Tx, args: ArgsOf<K>) => ReturnType<Operations[K]>
  /** The lanes in which another replica may find new work now; empty: it must look everywhere. Null, or absent: there is none. */
  wakes?: (args: ArgsOf<K>) => readonly string[] | null
}

type ArgsOf<K extends OperationName> = Parameters<Operations[K]>[0]

/** Everything the store can do: adding an operation means adding a line here, one to `Operations` and one to `NAMES`. */
export const OPERATIONS: { readonly [K in OperationName]: Operation<K> } = {
  accept: {
    run: accept,
    /**
     * Where accepted deliveries went. An accept leaves the wake time of a lane that is due alone; if another replica
     * finds that lane empty at the same time, only this says that something waits in it.
     */
    wakes: ({ events }) => lanesOf(events.flatMap(({ deliveries }) => deliveries)),
  },
  addAudit: { run: addAudit },
  advance: { run: advance },
  advanceLookups: {
    run: advanceLookups,
    wakes: ({ settled }) => lanesOf(settled.flatMap((one) => (one.outcome === 'done' ? one.deliveries : []))),
  },
  automationNames: { run: automationNames },
  automationsVersion: { run: automationsVersion },
  backlog: { run: backlog },
  bringForward: { run: bringForward, wakes: () => [] },
  cancel: { run: cancel },
  deleteAutomation: { run: deleteAutomation },
  deleteSecret: { run: deleteSecret },
  getDelivery: { run: getDelivery },
  getEvent: { run: getEvent },
  getRevision: { run: getRevision },
  lastHeard: { run: lastHeard },
  lastSeen: { run: lastSeen },
  listAudit: { run: listAudit },
  listLanes: { run: listLanes },
  listSubjects: { run: listSubjects },
  previewRedeliver: { run: previewRedeliver },
  resumeLane: { run: resumeLane, wakes: ({ lane }) => [lane] },
  sourceActivity: { run: sourceActivity },
  staleReplays: { run: staleReplays },
  listDeliveries: { run: listDeliveries },
  listEvents: { run: listEvents },
  listSecrets: { run: listSecrets },
  noteSecretsUsed: { run: noteSecretsUsed },
  overview: { run: overview },
  ping: { run: ping },
  probeLanes: { run: probeLanes, wakes: () => [] },
  putAutomation: { run: putAutomation },
  putSecret: { run: putSecret },
  readSecrets: { run: readSecrets },
  recover: { run: recover },
  redeliver: { run: redeliver, wakes: () => [] },
  redeliverMany: { run: redeliverMany, wakes: () => [] },
  renameLane: { run: renameLane },
  resealSecret: { run: resealSecret },
  saveRevisions: { run: saveRevisions },
  secretsKeys: { run: secretsKeys },
  secretsOfOtherKeys: { run: secretsOfOtherKeys },
  storedDelivery: { run: findDelivery },
  storedAutomations: { run: storedAutomations },
  sweep: { run: sweep },
  wakeLanes: { run: wakeLanes },
}

/** Returns where these deliveries go; null where none is to be made. */
function lanesOf(deliveries: readonly NewDelivery[]): string[] | null {
  const live = deliveries.filter(({ error }) => error === null)
  return live.length === 0 ? null : live.map(({ lane }) => lane)
}

/**
 * Runs one operation, in a transaction that the caller has begun and ends. `now` is the store's time; where it has none
 * of its own, the caller's counts.
 */
export async function runOperation<K extends OperationName>(
  name: K,
  args: ArgsOf<K>,
  { now = timeOf(args), dialect, ...begun }: Omit<Begun, 'now'> & { dialect: Dialect; now?: number },
): Promise<Awaited<ReturnType<Operations[K]>>> {
  return await OPERATIONS[name].run(createTx({ ...begun, now }, dialect), args)
}

const timeOf = (args: object) => ('now' in args && typeof args.now === 'number' ? args.now : Date.now())
