/**
 * The words in a name that tell of a credential, or of a signature that comes of one, once the name is in lower case and without
 * separators: `X-Api-Key`, `apiKey` and `API_KEY` are `apikey`. Of keys, only those that let somebody in: a `dedupe_key`
 * or the `key` of a tag does not.
 */
const TELLS = new RegExp(
  [
    'secret|passw|passphrase|credential|cookie|signature|authorization|authentication|bearer|connectionstring',
    'token(?!i[sz])',
    'session(?:id|key|data)|sess(?:id)$',
    `(?:${[
      'access|account|admin|aes|api|app|application|auth|bot|client|consumer|decryption|deploy|encrypt|encryption|functions?',
      'hmac|host|ingest|ingestion|integration|licen[cs]e|master|pgp|private|root|routing|rsa|service|shared|sign|signature',
      'signing|ssh|storage|subscription|webhook|write',
    ].join('|')})keys?(?:id)?`,
  ].join('|'),
)

/** Words that tell of one where they stand alone in a name. */
const WORDS = new Set(['auth', 'sig', 'sas', 'pwd', 'pat', 'jwt', 'otp', 'hmac', 'session'])

/** Numbers of tokens of a language model. */
const COUNTS =
  /^(?:max|min|num|n|total|prompt|completion|input|output|new)+tokens$|^tokens?(?:count|limit|length|per\w+)$/

/** The most names that are remembered. */
const REMEMBERED = 1_000
const remembered = new Map<string, boolean>()

/**
 * Returns whether the name of a header, parameter, field or variable tells that its value is a credential, or a signature
 * that was made with one. The log, `capture` and whatever else hides values by name go by this list.
 */
export function tellsSecret(name: string): boolean {
  const known = remembered.get(name)
  if (known !== undefined) return known
  const tells = looksSecret(name)
  if (remembered.size >= REMEMBERED) remembered.clear()
  remembered.set(name, tells)
  return tells
}

function looksSecret(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
  const joined = words.join('')
  if (COUNTS.test(joined)) return false
  return TELLS.test(joined) || words.some((word) => WORDS.has(word))
}
