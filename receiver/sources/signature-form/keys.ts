import { fromBase64 } from '../signature.ts'
import type { SignatureForm } from './settings.ts'

/** Returns the bytes of a key as `secret_encoding` says, or null where the text is not written so. */
export function readSecret(text: string, encoding: SignatureForm['secret_encoding']): Buffer | null {
  if (encoding === 'utf8') return Buffer.from(text)
  const key = text.trim()
  if (encoding === 'hex') return fromHex(key)
  return /^[A-Za-z0-9+/_-]{2,}={0,2}$/.test(key) ? Buffer.from(key, 'base64') : null
}

/** Returns the bytes of a signature in hex (any case) or base64 (also base64url, also unpadded), or null. */
export function readSignature(text: string, encoding: SignatureForm['encoding']): Buffer | null {
  return encoding === 'hex' ? fromHex(text) : fromBase64(text)
}

const fromHex = (text: string) => (/^(?:[0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex') : null)
