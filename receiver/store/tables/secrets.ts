import type { Queries, Tx } from '../db.ts'
import { jsonText, parse } from '../json-text.ts'
import type { SealedRow, StoredSecret } from '../secret-records.ts'

/** Inserts a secret, or replaces the one of its name. Returns which. */
export async function upsertSecret(
  { db, now }: Tx,
  { name, hosts, key_id, sealed }: SealedRow,
): Promise<'created' | 'replaced'> {
  const row = { hosts: jsonText([...hosts]), key_id, sealed, updated_at: now }
  const { numUpdatedRows } = await db
    .updateTable('secrets')
    .set(row)
    .where('name', '=', name)
    .executeTakeFirst()
  if (numUpdatedRows > 0n) return 'replaced'
  await db
    .insertInto('secrets')
    .values({ ...row, name, created_at: now, last_used_at: null })
    .execute()
  return 'created'
}

/** Puts a secret under another key, unless it has been replaced since it was read. */
export async function resealRow({ db }: Queries, was: SealedRow, now: SealedRow): Promise<void> {
  await db
    .updateTable('secrets')
    .set({ key_id: now.key_id, sealed: now.sealed })
    .where('name', '=', was.name)
    .where('sealed', '=', was.sealed)
    .execute()
}

/** Deletes a secret. Returns whether it was there. */
export async function deleteRow({ db }: Queries, name: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('secrets').where('name', '=', name).executeTakeFirst()
  return numDeletedRows > 0n
}

/** Returns what may be shown of every secret, by name. */
export async function listRows({ db }: Queries): Promise<StoredSecret[]> {
  const rows = await db
    .selectFrom('secrets')
    .select(['name', 'hosts', 'created_at', 'updated_at', 'last_used_at'])
    .orderBy('name')
    .execute()
  return rows.map(({ hosts, ...row }) => ({ ...row, hosts: parse(hosts) }))
}

/** Returns the secrets of these names that there are. */
export async function readRows({ db }: Queries, names: readonly string[]): Promise<SealedRow[]> {
  if (names.length === 0) return []
  const rows = await db
    .selectFrom('secrets')
    .select(['name', 'hosts', 'key_id', 'sealed'])
    .where('name', 'in', names)
    .execute()
  return rows.map(({ hosts, ...row }) => ({ ...row, hosts: parse(hosts) }))
}

/** Returns the secrets that are sealed under another key than this. */
export async function rowsOfOtherKeys({ db }: Queries, key_id: string): Promise<SealedRow[]> {
  const rows = await db
    .selectFrom('secrets')
    .select(['name', 'hosts', 'key_id', 'sealed'])
    .where('key_id', '!=', key_id)
    .orderBy('name')
    .execute()
  return rows.map(({ hosts, ...row }) => ({ ...row, hosts: parse(hosts) }))
}

/** Returns the ids of the keys that secrets are sealed under. */
export async function keyIds({ db }: Queries): Promise<string[]> {
  const rows = await db.selectFrom('secrets').select('key_id').distinct().orderBy('key_id').execute()
  return rows.map(({ key_id }) => key_id)
}

/** Returns how many secrets are stored. */
export async function countRows({ db }: Queries): Promise<number> {
  const { count } = await db
    .selectFrom('secrets')
    .select(({ fn }) => fn.countAll().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Notes that these were used now. */
export async function noteUse({ db, now }: Tx, names: readonly string[]): Promise<void> {
  if (names.length === 0) return
  await db.updateTable('secrets').set({ last_used_at: now }).where('name', 'in', names).execute()
}
