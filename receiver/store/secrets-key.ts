import { createHmac, randomBytes } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StoreRefused, type Store } from './store.ts'

const BYTES = 32

/** The keys that a store may be opened with. */
export interface KeySettings {
  /** Null: for the embedded store, the one in `data_dir`. */
  secrets_key: Buffer | null
  /** The key before the last change of keys. */
  secrets_key_previous: Buffer | null
  database_url: string | null
  data_dir: string
}

/**
 * Compares the key that stored secrets are encrypted with to the one that the store knows, and notes it where the
 * store knows none. The key is SECRETS_KEY, or for the embedded store the file `secrets.key` beside it, which is made
 * on first use (0600).
 *
 * @throws StoreRefused under a wrong key: its secrets could not be read, and new ones would be lost to the right key
 */
export async function checkSecretsKey(store: Store, settings: KeySettings): Promise<void> {
  const { secrets_key, secrets_key_previous: previous, database_url, data_dir } = settings
  const isKnown: IsKnown = async (key) => {
    const accepts = [key, previous].flatMap((known) => (known === null ? [] : [fingerprint(known)]))
    return (await store.noteSecretsKey({ check: fingerprint(key), accepts })).known
  }
  if (secrets_key !== null) {
    if (await isKnown(secrets_key)) return
    throw new StoreRefused(
      'SECRETS_KEY is not the key that this store was made with: its secrets cannot be read with it. ' +
        'Start with the former key; to change keys, set the new one as SECRETS_KEY and the former one as SECRETS_KEY_PREVIOUS.',
    )
  }
  if (database_url === null) await checkKeyFile(join(data_dir, 'secrets.key'), isKnown)
}

/** Whether the store has this key's mark, or none yet and has taken it now. */
type IsKnown = (key: Buffer) => Promise<boolean>

/** Tells keys apart and nothing else about them. */
const fingerprint = (key: Buffer) =>
  createHmac('sha256', key).update('model-dispatch secrets key').digest('hex')

async function checkKeyFile(path: string, isKnown: IsKnown): Promise<void> {
  const key = readKey(path)
  if (key === null) await makeKeyFile(path, isKnown)
  else if (!(await isKnown(key))) throw refused(path, 'is not the key that this store was made with')
}

/**
 * A store that has known a key takes no new one: the old one is lost then, not unborn. The new key is on the disk
 * before the store takes its mark, under another name until it has: a process that ends between the two leaves it for
 * the next one.
 */
async function makeKeyFile(path: string, isKnown: IsKnown): Promise<void> {
  const unborn = `${path}.new`
  const key = readKey(unborn) ?? randomBytes(BYTES)
  onDisk(unborn, () => writeFileSync(unborn, `${key.toString('base64')}\n`, { mode: 0o600 }))
  const known = await isKnown(key)
  onDisk(path, () => (known ? renameSync(unborn, path) : rmSync(unborn)))
  if (!known) throw refused(path, 'is missing, and this store was made with a key')
}

function refused(path: string, what: string): StoreRefused {
  return new StoreRefused(
    `${path} ${what}.\n  -> Restore it from a backup of DATA_DIR, or set SECRETS_KEY if this store was started with it. ` +
      'If the key is lost for good: docs/operations.md, "A lost key".',
  )
}

/** The key in a file, or null where there is no such file. */
function readKey(path: string): Buffer | null {
  const text = onDisk(path, () => readFileSync(path, 'utf8'))
  if (text === null) return null
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length === BYTES) return key
  throw new StoreRefused(
    `${path} does not hold ${BYTES} bytes in base64. Restore it from a backup of DATA_DIR.`,
  )
}

/** Null where there is no such file. */
function onDisk<T>(path: string, work: () => T): T | null {
  try {
    return work()
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return null
    throw new StoreRefused(`${path} cannot be used: ${String(error)}. Let this user read and write DATA_DIR.`)
  }
}
