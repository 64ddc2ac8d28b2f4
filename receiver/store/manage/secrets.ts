import type { Tx } from '../db.ts'
import type { PutSecret, SealedRow, StoredSecret } from '../secret-records.ts'
import { writeFact } from '../tables/facts.ts'
import {
  countRows,
  deleteRow,
  keyIds,
  listRows,
  noteUse,
  readRows,
  resealRow,
  rowsOfOtherKeys,
  upsertSecret,
} from '../tables/secrets.ts'

/** More secrets than this are not stored: a list of them is one page. */
const MOST_SECRETS = 1_000

/** Stores a secret: see `Operations.putSecret`. */
export async function putSecret(
  tx: Tx,
  { secret, accepts }: { secret: SealedRow; accepts: readonly string[] },
): Promise<PutSecret> {
  // Strictly in turn: two replicas with different keys must not both be the first.
  await writeFact(tx, 'secrets_changed_at', String(tx.now))
  const others = (await keyIds(tx)).filter((id) => !accepts.includes(id))
  if (others.length > 0) return { outcome: 'other_key' }
  const [known] = await readRows(tx, [secret.name])
  if (known === undefined && (await countRows(tx)) >= MOST_SECRETS) return { outcome: 'too_many' }
  return { outcome: await upsertSecret(tx, secret) }
}

/** Deletes a secret. */
export async function deleteSecret(tx: Tx, { name }: { name: string }): Promise<{ deleted: boolean }> {
  return { deleted: await deleteRow(tx, name) }
}

/** Returns what may be shown of every secret. */
export async function listSecrets(tx: Tx): Promise<StoredSecret[]> {
  return listRows(tx)
}

/** Returns the sealed secrets of these names. */
export async function readSecrets(tx: Tx, { names }: { names: readonly string[] }): Promise<SealedRow[]> {
  return readRows(tx, names)
}

/** Returns the ids of the keys that secrets are sealed under. */
export async function secretsKeys(tx: Tx): Promise<string[]> {
  return keyIds(tx)
}

/** Returns secrets under other keys. */
export async function secretsOfOtherKeys(tx: Tx, { key_id }: { key_id: string }): Promise<SealedRow[]> {
  return rowsOfOtherKeys(tx, key_id)
}

/** Puts a secret under another key. */
export async function resealSecret(
  tx: Tx,
  { was, now_sealed }: { was: SealedRow; now_sealed: SealedRow },
): Promise<void> {
  await resealRow(tx, was, now_sealed)
}

/** Notes that secrets were used. */
export async function noteSecretsUsed(tx: Tx, { names }: { names: readonly string[] }): Promise<void> {
  await noteUse(tx, names)
}
