import { z } from 'zod'

/** A reference to a secret: its kind, and the name of the variable or the path of the file. */
export const REFERENCE = /\$\{(env|file):([^}\s](?:[^}]*[^}\s])?)\}/g

/** A named secret in a text: its name. `$${` is the text `${`. */
export const NAMED_SECRET = /(?<!\$)\$\{([A-Z][A-Z0-9_]*)\}/g

/** The forms that a secret setting can have; the key `secret` of a schema's metadata. */
export type SecretForm = 'text' | 'url' | 'template'

/**
 * Returns the schema of a setting that holds a secret. Its value may come from `${env:NAME}` or `${file:/path}`, alone
 * or inside a longer text. In a destination it must hold such a reference or a named secret (`${NAME}`),
 * and is kept as written: `ConnectContext.secret` and `.named` give the values at each attempt.
 */
export function secretText(description?: string): z.ZodString {
  return marked('text', description)
}

/** Returns the same as {@link secretText} for an address that is a secret as a whole, as those of Slack and Teams. */
export function secretUrl(description?: string): z.ZodString {
  return marked('url', description)
}

/**
 * Returns the schema of a setting of a destination that may be public, or hold secrets in places: references, named
 * secrets (`${NAME}`) and words of the event, within any text.
 */
export function secretTemplate(description?: string): z.ZodString {
  return marked('template', description)
}

function marked(secret: SecretForm, description: string | undefined): z.ZodString {
  const meta = description === undefined ? { secret } : { secret, description }
  return z.string().min(1, 'must not be empty').meta(meta)
}
