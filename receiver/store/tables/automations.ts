import type { Queries, Tx } from '../db.ts'
import type { StoredAutomation } from '../management-records.ts'
import type { NewEvent } from '../records.ts'
import { statement } from '../statement.ts'
import { AutomationsChanged } from '../store.ts'
import { readFact, writeFact } from './facts.ts'

const VERSION = 'automations_version'
const CHANGED = 'automations_changed_at'

const COLUMNS = ['name', 'spec', 'version', 'created_at', 'updated_at', 'updated_by'] as const

/** Returns the version of all stored automations together: 0 where none was ever stored. */
export async function readVersion(queries: Queries): Promise<number> {
  return Number((await readFact(queries, VERSION)) ?? 0)
}

/** Makes everyone else who changes automations wait until the transaction ends, and returns the version of this change. */
export async function beginChange(tx: Tx): Promise<number> {
  // Written first: a replica that reads the version after this waits for it.
  await writeFact(tx, CHANGED, String(tx.now))
  const version = (await readVersion(tx)) + 1
  await writeFact(tx, VERSION, String(version))
  return version
}

/** Reads that version within a batch. */
export const automationsVersion = statement<{ value: string }>(
  'automations_version',
  () => `select value from facts where key = '${VERSION}'`,
)()

/**
 * Checks that events were matched against the stored automations as they are now: `found` is what `automationsVersion`
 * returned.
 * @throws AutomationsChanged
 */
export function checkAutomations(
  events: readonly Pick<NewEvent, 'automations_version'>[],
  found: readonly { value: string }[],
): void {
  const present = Number(found[0]?.value ?? 0)
  const isOther = ({ automations_version: version }: Pick<NewEvent, 'automations_version'>) =>
    version !== undefined && version !== present
  if (events.some(isOther)) throw new AutomationsChanged()
}

/** Returns every stored automation, by name. */
export async function readAutomations({ db }: Queries): Promise<StoredAutomation[]> {
  return db.selectFrom('automations').select(COLUMNS).orderBy('name').execute()
}

/** Returns the version of a stored automation; null where it is not there. */
export async function versionOf({ db }: Queries, name: string): Promise<number | null> {
  const row = await db.selectFrom('automations').select('version').where('name', '=', name).executeTakeFirst()
  return row?.version ?? null
}

/** Returns how many automations are stored. */
export async function countAutomations({ db }: Queries): Promise<number> {
  const { count } = await db
    .selectFrom('automations')
    .select(({ fn }) => fn.countAll().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Inserts an automation, or writes over the one of its name. */
export async function upsertAutomation(
  { db, now }: Tx,
  row: Pick<StoredAutomation, 'name' | 'spec' | 'version' | 'updated_by'>,
): Promise<void> {
  const { name: _, ...rest } = row
  await db
    .insertInto('automations')
    .values({ ...row, created_at: now, updated_at: now })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ ...rest, updated_at: now }))
    .execute()
}

/** Deletes a stored automation. */
export async function deleteAutomationRow({ db }: Queries, name: string): Promise<void> {
  await db.deleteFrom('automations').where('name', '=', name).execute()
}
