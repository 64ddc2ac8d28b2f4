import { createHmac, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from '../config/environment.ts'
import { StoreRefused, type Store } from './store.ts'

const BYTES = 32

/** The keys that stored secrets are, and were, encrypted with. `current` is null only on PostgreSQL. */
export interface SecretsKeys {
  current: Buffer | null
  previous: Buffer | null
}

/**
 * The keys of this process: from SECRETS_KEY, or for the embedded store from a file beside it that is made on first
 * use (0600). Throws `StoreRefused` when that file cannot be used.
 */
export function secretsKeys(environment: Environment): SecretsKeys {
  const { secrets_key, secrets_key_previous: previous, database_url, data_dir } = environment
  if (secrets_key !== null) return { current: secrets_key, previous }
  return { current: database_url === null ? keyFile(data_dir) : null, previous }
}

/**
 * Compares the key with the one that the store knows, and notes it where the store knows none. Throws `StoreRefused`
 * under a wrong key: its secrets could not be read, and new ones would be lost to the right key.
 */
export async function checkSecretsKey(store: Store, { current, previous }: SecretsKeys): Promise<void> {
  if (current === null) return
  const { known } = await store.noteSecretsKey({
    check: fingerprint(current),
    accepts: [current, previous].flatMap((key) => (key === null ? [] : [fingerprint(key)])),
  })
  if (known) return
  throw new StoreRefused(
    'SECRETS_KEY is not the key that this store was made with: its secrets cannot be read with it. ' +
      'Start with the former key; to change keys, set the new one as SECRETS_KEY and the former one as SECRETS_KEY_PREVIOUS.',
  )
}

/** Tells keys apart and nothing else about them. */
const fingerprint = (key: Buffer) =>
  createHmac('sha256', key).update('model-dispatch secrets key').digest('hex')

function keyFile(data_dir: string): Buffer {
  const path = join(data_dir, 'secrets.key')
  try {
    if (!existsSync(path)) {
      mkdirSync(data_dir, { recursive: true, mode: 0o700 })
      writeFileSync(path, `${randomBytes(BYTES).toString('base64')}\n`, { mode: 0o600, flag: 'wx' })
    }
    const key = Buffer.from(readFileSync(path, 'utf8').trim(), 'base64')
    if (key.length === BYTES) return key
  } catch (error) {
    throw new StoreRefused(`${path} cannot be used: ${String(error)}. Let this user read and write DATA_DIR.`)
  }
  throw new StoreRefused(
    `${path} does not hold ${BYTES} bytes in base64. Restore it from a backup of DATA_DIR.`,
  )
}
