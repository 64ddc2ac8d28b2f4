import type { Tx } from '../db.ts'
import { readFact, writeFact, writeFactsOnce } from '../tables/facts.ts'

/** Resolves when the store can be written: see `Operations.ping`. */
export async function ping(tx: Tx): Promise<void> {
  await writeFact(tx, 'ping', String(tx.now))
}

const SECRETS_KEY = 'secrets_key_check'

/** Returns the noted fingerprint of the secrets key: see `Operations.notedSecretsKey`. */
export async function notedSecretsKey(tx: Tx): Promise<{ check: string | null }> {
  return { check: await readFact(tx, SECRETS_KEY) }
}

/** Compares the fingerprint of the secrets key with the noted one: see `Operations.noteSecretsKey`. */
export async function noteSecretsKey(
  tx: Tx,
  { check, accepts }: { check: string; accepts: readonly string[] },
): Promise<{ known: boolean }> {
  // Written first: of two replicas that start on an empty store, only one notes its key.
  await writeFactsOnce(tx, [{ key: SECRETS_KEY, value: check }])
  const noted = await readFact(tx, SECRETS_KEY)
  if (noted === check) return { known: true }
  if (noted === null || !accepts.includes(noted)) return { known: false }
  await writeFact(tx, SECRETS_KEY, check)
  return { known: true }
}

const LAST_SEEN = 'clock_last_seen'

/** Notes that it is now: the store has seen this time. */
export async function noteSeen(tx: Tx): Promise<void> {
  await writeFact(tx, LAST_SEEN, String(tx.now))
}

/** Returns the latest time that was noted here, in Unix ms; 0 in a new store. */
export async function lastSeen(tx: Tx): Promise<number> {
  return Number((await readFact(tx, LAST_SEEN)) ?? 0)
}
