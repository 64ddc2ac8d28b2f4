import { createPrivateKey } from 'node:crypto'

/**
 * The private key of a GitHub App as PEM: `\n` written out becomes a line break, as some stores of environment
 * variables keep only one line. Null when it is not an RSA private key without a passphrase.
 */
export function readPrivateKey(text: string): string | null {
  const pem = `${text.replaceAll('\\r', '').replaceAll('\\n', '\n').trim()}\n`
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa' ? pem : null
  } catch {
    return null
  }
}

/** What to do when {@link readPrivateKey} gave null. */
export const PRIVATE_KEY_FIX =
  "Use the .pem file that GitHub gave you under the App's settings, Private keys, whole and unchanged."
