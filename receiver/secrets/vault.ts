import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { Problem } from '../../src/contract/problem.ts'
import { Secret } from './secret.ts'

/** The name and hosts that a stored secret is bound to: under others it cannot be opened. */
export interface SecretBinding {
  name: string
  /** Where it may be sent, in the order of the list. */
  hosts: readonly string[]
}

/** A secret as it is stored. */
export interface SealedSecret {
  /** Tells under which key it was sealed, and nothing else about the key. */
  key_id: string
  /** Version, nonce, tag and ciphertext. */
  sealed: Buffer
}

/** Encrypts secrets that are to be stored, and decrypts them. */
export interface Vault {
  /** Names the key that `seal` uses. */
  readonly key_id: string
  seal(binding: SecretBinding, value: string): SealedSecret
  /**
   * Returns the value. `outdated`: it was sealed under the previous key, and should be sealed again.
   *
   * @throws VaultError where it was sealed under a key that is not here, or what is stored has been changed.
   */
  open(binding: SecretBinding, stored: SealedSecret): { secret: Secret; outdated: boolean }
}

/** A stored secret cannot be opened. The message names it and what to do. */
export class VaultError extends Error implements Problem {
  readonly fix: string
  constructor(message: string, fix: string) {
    super(message)
    this.name = 'VaultError'
    this.fix = fix
  }
}

/** AES-256-GCM with the lengths that NIST SP 800-38D recommends. */
const CIPHER = 'aes-256-gcm'
const VERSION = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEAD_BYTES = 1 + NONCE_BYTES + TAG_BYTES

/**
 * Makes the vault under SECRETS_KEY. Secrets sealed under SECRETS_KEY_PREVIOUS can still be opened.
 *
 * @param keys 32 bytes each.
 */
export function createVault(keys: { current: Buffer; previous: Buffer | null }): Vault {
  const current = deriveKey(keys.current)
  const known = [current, ...(keys.previous === null ? [] : [deriveKey(keys.previous)])]
  return {
    key_id: current.id,
    seal: (binding, value) => ({ key_id: current.id, sealed: encrypt(current.key, binding, value) }),
    open(binding, { key_id, sealed }) {
      const found = known.find(({ id }) => id === key_id)
      if (found === undefined) throw otherKey(binding)
      const value = decrypt(found.key, binding, sealed)
      if (value === null) throw changed(binding)
      return { secret: new Secret(value), outdated: found !== current }
    },
  }
}

/** Returns what tells a SECRETS_KEY from others, and nothing else about it. */
export function keyIdOf(secrets_key: Buffer): string {
  return deriveKey(secrets_key).id
}

/** SECRETS_KEY itself encrypts nothing: what it is used for besides, such as its check value, tells nothing of this key. */
function deriveKey(secrets_key: Buffer): { id: string; key: Buffer } {
  const derive = (purpose: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', secrets_key, '', `model-dispatch ${purpose}`, bytes))
  return { id: derive('stored secrets: key id', 8).toString('hex'), key: derive('stored secrets: key', 32) }
}

function encrypt(key: Buffer, binding: SecretBinding, value: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(boundTo(binding))
  const text = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()])
  return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), text])
}

/** The value, or null where anything about it is not as it was sealed. */
function decrypt(key: Buffer, binding: SecretBinding, sealed: Buffer): string | null {
  if (sealed[0] !== VERSION || sealed.length < HEAD_BYTES) return null
  const nonce = sealed.subarray(1, 1 + NONCE_BYTES)
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(boundTo(binding)).setAuthTag(sealed.subarray(1 + NONCE_BYTES, HEAD_BYTES))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES)), decipher.final()]).toString('utf8')
  } catch {
    return null
  }
}

/** JSON, so that no two bindings are the same text. */
function boundTo({ name, hosts }: SecretBinding): Buffer {
  return Buffer.from(JSON.stringify([VERSION, name, hosts]))
}

function otherKey({ name }: SecretBinding): VaultError {
  return new VaultError(
    `The secret ${name} was stored under another SECRETS_KEY`,
    'Set that key as SECRETS_KEY_PREVIOUS and restart, or store the secret again.',
  )
}

function changed({ name }: SecretBinding): VaultError {
  return new VaultError(
    `The stored secret ${name}, its name or its hosts were changed outside of the receiver`,
    'Store the secret again, and find out who can write to the database.',
  )
}
