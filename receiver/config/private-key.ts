import { createPrivateKey } from 'node:crypto'

/**
 * Returns the private key of a GitHub App as PKCS#8 PEM, exactly as it was parsed: whatever a file has around the key
 * (bag attributes, comments, a certificate) stays behind, since other parsers stumble over it. Takes PEM, PEM with its
 * line breaks written out as `\n` (some stores of environment variables keep only one line), and either PEM or DER as
 * base64. Null when there is no RSA private key without a passphrase.
 */
export function readPrivateKey(text: string): string | null {
  const written = text.replaceAll('\\r', '').replaceAll('\\n', '\n').trim()
  if (written.includes('-----BEGIN ')) return exported({ key: `${written}\n`, format: 'pem' })
  if (!/^[A-Za-z0-9+/\s]+={0,2}$/.test(written)) return null
  const bytes = Buffer.from(written, 'base64')
  if (bytes.includes('-----BEGIN ')) return exported({ key: bytes, format: 'pem' })
  return (
    exported({ key: bytes, format: 'der', type: 'pkcs1' }) ??
    exported({ key: bytes, format: 'der', type: 'pkcs8' })
  )
}

function exported(input: Parameters<typeof createPrivateKey>[0]): string | null {
  try {
    const key = createPrivateKey(input)
    return key.asymmetricKeyType === 'rsa' ? key.export({ type: 'pkcs8', format: 'pem' }).toString() : null
  } catch {
    return null
  }
}

/** The advice where {@link readPrivateKey} returned null. */
export const PRIVATE_KEY_FIX =
  "Use the .pem file that GitHub gave you under the App's settings, Private keys, whole and unchanged, or that file as base64."
