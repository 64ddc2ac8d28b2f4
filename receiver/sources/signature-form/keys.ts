import type { SignatureForm } from './settings.ts'

/** Returns the bytes of a key as `secret_encoding` says, or null where the text is not written so. */
export function readSecret(text: string, encoding: SignatureForm['secret_encoding']): Buffer | null {
  if (encoding === 'utf8') return Buffer.from(text)
  return decode(text.trim(), encoding)
}

/** Returns the bytes of a text in hex (any case) or base64 (also base64url, also unpadded); null for anything else. */
export function decode(text: string, encoding: 'hex' | 'base64'): Buffer | null {
  if (encoding === 'hex') return /^(?:[0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex') : null
  return /^[A-Za-z0-9+/_-]{2,}={0,2}$/.test(text) ? Buffer.from(text, 'base64') : null
}
