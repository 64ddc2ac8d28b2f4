import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'
import { reasonOf } from '../observe/reason-of.ts'
import type { NamedSecret, NamedSecrets } from '../secrets/named.ts'
import { createVault, keyIdOf, VaultError, type Vault } from '../secrets/vault.ts'
import type { PutSecret, SealedRow, StoredSecret } from '../store/secret-records.ts'
import type { SecretsKeys } from '../store/secrets-key.ts'
import { StoreRefused, type Store } from '../store/store.ts'

/** Secrets that are stored under a name: written by the API, read by destinations at each attempt. */
export interface StoredSecrets extends NamedSecrets {
  /** Returns what may be shown of every secret, by name. */
  list(): Promise<StoredSecret[]>
  /** Stores a secret in place of the one of its name. `no_key`: the operator has to set one. */
  put(secret: { name: string; hosts: readonly string[]; value: string }): Promise<PutOutcome>
  /** Deletes a secret. Returns whether it was there. */
  delete(name: string): Promise<boolean>
}

/** The outcome of storing a secret. */
export type PutOutcome = PutSecret['outcome'] | 'no_key'

/** The means of stored secrets. */
export interface StoredSecretsOptions {
  store: Store
  keys: SecretsKeys
  clock: Clock
  log: Log
  /** Called when a secret has a new value. */
  onPut?: () => void
}

/** That a secret is used is noted this often at most, in ms: an attempt costs no write for it. */
const USE_MS = 60_000

/**
 * Opens the stored secrets: checks that the key is theirs, and puts those under the present key that are still under the
 * previous one. Where nothing is stored, no key is needed.
 * @throws StoreRefused under a wrong or missing key: the secrets could not be read, and new ones would be lost to the
 *   right key
 */
export async function openStoredSecrets(options: StoredSecretsOptions): Promise<StoredSecrets> {
  const { store, keys, clock, log, onPut } = options
  await checkKey(store, keys)
  await resealAll(options)
  const vault = vaultOf(keys)
  const noted = new Map<string, number>()
  return {
    async read(names) {
      const rows = await store.readSecrets({ names })
      return new Map(rows.map((row) => [row.name, open(vault(), row)]))
    },
    used(names) {
      const now = clock.steady()
      const due = [...names].filter((name) => now - (noted.get(name) ?? -Infinity) >= USE_MS)
      if (due.length === 0) return
      for (const name of due) noted.set(name, now)
      store.noteSecretsUsed({ names: due, now }).catch((error: unknown) => {
        log.debug({ reason: reasonOf(error) }, 'the use of a secret could not be noted')
      })
    },
    list: () => store.listSecrets({}),
    async put({ name, hosts, value }) {
      if (keys.make() === null) return 'no_key'
      const secret = { name, hosts, ...vault().seal({ name, hosts }, value) }
      const { outcome } = await store.putSecret({ secret, accepts: idsOf(keys), now: clock.steady() })
      noted.delete(name)
      if (outcome === 'created' || outcome === 'replaced') onPut?.()
      return outcome
    },
    delete: async (name) => (await store.deleteSecret({ name })).deleted,
  }
}

/** The vault under the keys there are; the present one may be made later. */
function vaultOf(keys: SecretsKeys): () => Vault {
  let vault: Vault | null = null
  return () => {
    const { current, previous } = keys
    if (current === null) throw new Error('No secret is stored before there is a key.')
    return (vault ??= createVault({ current, previous }))
  }
}

function open(vault: Vault, { name, hosts, key_id, sealed }: SealedRow): NamedSecret {
  const { secret } = vault.open({ name, hosts }, { key_id, sealed: Buffer.from(sealed) })
  return { hosts, value: secret }
}

function idsOf({ current, previous }: SecretsKeys): string[] {
  return [current, previous].flatMap((key) => (key === null ? [] : [keyIdOf(key)]))
}

async function checkKey(store: Store, keys: SecretsKeys): Promise<void> {
  const stored = await store.secretsKeys({})
  if (stored.length === 0) return
  const { called } = keys
  if (keys.current === null) {
    throw new StoreRefused(
      `${called} is missing, and secrets are stored under it.\n  -> Restore it from a backup. ` +
        'If the key is lost for good: docs/operations.md, "A lost key".',
    )
  }
  const ours = idsOf(keys)
  if (stored.every((id) => ours.includes(id))) return
  throw new StoreRefused(
    `${called} is not the key that the secrets of this store are stored under.\n  -> Start with the former key; ` +
      'to change keys, set the new one as SECRETS_KEY and the former one as SECRETS_KEY_PREVIOUS.',
  )
}

/** Puts every secret under the present key. Replicas may do this at the same time. */
async function resealAll({ store, keys, log }: StoredSecretsOptions): Promise<void> {
  if (keys.previous === null || keys.current === null) return
  const vault = createVault({ current: keys.current, previous: keys.previous })
  const rows = await store.secretsOfOtherKeys({ key_id: vault.key_id })
  for (const was of rows) {
    try {
      const value = open(vault, was).value.reveal()
      await store.resealSecret({ was, now_sealed: { ...was, ...vault.seal(was, value) } })
    } catch (error) {
      if (!(error instanceof VaultError)) throw error
      log.error({ name: was.name, reason: error.message, fix: error.fix }, 'a stored secret cannot be opened')
    }
  }
  if (rows.length > 0) log.info({ secrets: rows.length }, 'stored secrets were put under the new SECRETS_KEY')
}
