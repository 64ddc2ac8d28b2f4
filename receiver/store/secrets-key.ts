import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileError } from './sqlite/errors.ts'
import { StoreRefused } from './store.ts'

const BYTES = 32

/** Which key stored secrets are encrypted with. */
export interface KeySettings {
  /** SECRETS_KEY. Null: for the embedded store, the one in `data_dir`. */
  secrets_key: Buffer | null
  /** SECRETS_KEY_PREVIOUS: the key before the last change of keys. */
  secrets_key_previous: Buffer | null
  database_url: string | null
  data_dir: string
}

/** The keys of this process. */
export interface SecretsKeys {
  /**
   * The key there is; null where none was made yet, or none is set.
   * @throws StoreRefused where its file cannot be used
   */
  readonly current: Buffer | null
  readonly previous: Buffer | null
  /** How the key is called in a sentence: `SECRETS_KEY`, or the path of its file. */
  readonly called: string
  /**
   * Returns the key, and makes one where there is none yet: for the embedded store, in the file `secrets.key` beside it
   * (0600), which is on the disk when this returns. Null where the operator has to set it.
   * @throws StoreRefused where the file cannot be written
   */
  make(): Buffer | null
}

/** The keys of a process that was given none. */
export const NO_KEYS: SecretsKeys = {
  current: null,
  previous: null,
  called: 'SECRETS_KEY',
  make: () => null,
}

/** Returns the keys of this process. Nothing is read or made before it is needed. */
export function openSecretsKeys(settings: KeySettings): SecretsKeys {
  const { secrets_key, secrets_key_previous: previous, database_url, data_dir } = settings
  if (secrets_key !== null || database_url !== null)
    return { current: secrets_key, previous, called: 'SECRETS_KEY', make: () => secrets_key }
  const path = join(data_dir, 'secrets.key')
  let key: Buffer | null = null
  const current = () => (key ??= readKey(path))
  return {
    get current() {
      return current()
    },
    previous,
    called: path,
    make: () => current() ?? (key = makeKey(path)),
  }
}

/** Under another name until it is whole, so that no process ever finds half of a key. */
function makeKey(path: string): Buffer {
  const key = randomBytes(BYTES)
  onDisk(path, () => {
    writeFileSync(`${path}.new`, `${key.toString('base64')}\n`, { mode: 0o600, flush: true })
    renameSync(`${path}.new`, path)
    const folder = openSync(join(path, '..'), 'r')
    fsyncSync(folder)
    closeSync(folder)
  })
  return key
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
    throw fileError(`${path} cannot be used`, error, 'Let this user read and write DATA_DIR.')
  }
}
