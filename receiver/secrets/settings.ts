import { z } from 'zod'

/** The forms that a secret setting can have; the key `secret` of a schema's metadata. */
export type SecretForm = 'text' | 'url'

/**
 * Returns the schema of a setting that holds a secret. Its value may come from `${env:NAME}` or `${file:/path}`, alone
 * or inside a longer text. In a destination it must hold such a reference, and is kept as written:
 * `ConnectContext.secret` gives the value at each attempt.
 */
export function secretText(description?: string): z.ZodString {
  return marked('text', description)
}

/** Returns the same as {@link secretText} for an address that is a secret as a whole, as those of Slack and Teams. */
export function secretUrl(description?: string): z.ZodString {
  return marked('url', description)
}

function marked(secret: SecretForm, description: string | undefined): z.ZodString {
  const meta = description === undefined ? { secret } : { secret, description }
  return z.string().min(1, 'must not be empty').meta(meta)
}
