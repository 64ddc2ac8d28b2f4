import type { Db, Flavor } from './db.ts'
import { accept } from './accept/accept.ts'
import { advance } from './advance/advance.ts'
import { recover } from './advance/lapse.ts'
import { getDelivery, getEvent, listDeliveries, listEvents } from './manage/lists.ts'
import { cancel, redeliver, redeliverMany } from './manage/redeliver.ts'
import { renameLane } from './upkeep/rename-lane.ts'
import { getRevision, saveRevisions } from './manage/revisions.ts'
import type { OperationName, Operations } from './store.ts'
import { sweep } from './upkeep/sweep.ts'
import { backlog, lastSeen, noteSecretsKey, ping, wakeLanes } from './upkeep/upkeep.ts'

/** Everything the store can do. Each runs in one transaction of its own; adding one means adding a line here. */
export const OPERATIONS = {
  accept,
  advance,
  backlog: (db: Db, _: Flavor, args: { most: number }) => backlog(db, args),
  getDelivery: (db: Db, _: Flavor, args: Parameters<typeof getDelivery>[1]) => getDelivery(db, args),
  getEvent: (db: Db, _: Flavor, args: Parameters<typeof getEvent>[1]) => getEvent(db, args),
  getRevision: (db: Db, _: Flavor, args: Parameters<typeof getRevision>[1]) => getRevision(db, args),
  cancel,
  lastSeen: (db: Db, _: Flavor, _args: Record<string, never>) => lastSeen(db),
  listDeliveries: (db: Db, _: Flavor, args: Parameters<typeof listDeliveries>[1]) => listDeliveries(db, args),
  listEvents: (db: Db, _: Flavor, args: Parameters<typeof listEvents>[1]) => listEvents(db, args),
  noteSecretsKey: (db: Db, _: Flavor, args: Parameters<typeof noteSecretsKey>[1]) => noteSecretsKey(db, args),
  ping: (db: Db, _: Flavor, args: { now: number }) => ping(db, args),
  recover,
  redeliver,
  redeliverMany,
  renameLane,
  saveRevisions: (db: Db, _: Flavor, args: Parameters<typeof saveRevisions>[1]) => saveRevisions(db, args),
  sweep,
  wakeLanes,
} satisfies {
  [K in OperationName]: (
    db: Db,
    flavor: Flavor,
    args: Parameters<Operations[K]>[0],
  ) => ReturnType<Operations[K]>
}
