import { createHmac, randomBytes } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
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
 * Checks the key that stored secrets are encrypted with, where there are any: a store that has never held a secret needs
 * no key, and has noted none.
 *
 * @throws StoreRefused where secrets are stored and their key is missing or another one
 */
export async function checkSecretsKey(store: Store, settings: KeySettings): Promise<void> {
  if ((await store.notedSecretsKey({})).check === null) return
  if (settings.secrets_key !== null) await note(store, settings, settings.secrets_key)
  else if (settings.database_url === null) {
    const path = keyFile(settings)
    const key = readKey(path)
    if (key === null) throw refused(path, 'is missing, and secrets in this store were encrypted with it')
    await note(store, settings, key)
  }
}

/**
 * Returns the key to encrypt secrets with, before the first one is stored, and notes which one it is. The key is
 * SECRETS_KEY, or for the embedded store the file `secrets.key` beside it, which is made here (0600) where there is none.
 *
 * @throws StoreRefused where the store knows another key: its secrets could not be read with this one; and on PostgreSQL
 * without SECRETS_KEY, since each replica would make its own
 */
export async function takeSecretsKey(store: Store, settings: KeySettings): Promise<Buffer> {
  if (settings.secrets_key === null && settings.database_url !== null) {
    throw new StoreRefused(
      'SECRETS_KEY is not set, and without it no secret can be stored in PostgreSQL. ' +
        'Set it to the same 32 bytes on every replica: openssl rand -base64 32',
    )
  }
  const key = settings.secrets_key ?? readKey(keyFile(settings)) ?? makeKeyFile(keyFile(settings))
  await note(store, settings, key)
  return key
}

/** Notes the key in the store, unless that knows another one which is not the previous one either. */
async function note(store: Store, settings: KeySettings, key: Buffer): Promise<void> {
  const accepts = [key, settings.secrets_key_previous].filter((known) => known !== null).map(fingerprint)
  const { known } = await store.noteSecretsKey({ check: fingerprint(key), accepts })
  if (known) return
  if (settings.secrets_key === null)
    throw refused(keyFile(settings), 'is not the key that secrets in this store were encrypted with')
  throw new StoreRefused(
    'SECRETS_KEY is not the key that secrets in this store were encrypted with: they cannot be read with it. ' +
      'Start with the former key; to change keys, set the new one as SECRETS_KEY and the former one as SECRETS_KEY_PREVIOUS.',
  )
}

const keyFile = ({ data_dir }: KeySettings) => join(data_dir, 'secrets.key')

/** Tells keys apart and nothing else about them. */
const fingerprint = (key: Buffer) =>
  createHmac('sha256', key).update('model-dispatch secrets key').digest('hex')

/** The key is whole on the disk under another name first: a process that ends meanwhile leaves no half of one. */
function makeKeyFile(path: string): Buffer {
  const key = randomBytes(BYTES)
  const unfinished = `${path}.new`
  onDisk(path, () => {
    writeFileSync(unfinished, `${key.toString('base64')}\n`, { mode: 0o600, flush: true })
    renameSync(unfinished, path)
  })
  return key
}

function refused(path: string, what: string): StoreRefused {
  return new StoreRefused(
    `${path} ${what}.\n  -> Restore it from a backup of DATA_DIR, or set SECRETS_KEY if that held it. ` +
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
