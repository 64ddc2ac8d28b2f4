/** A secret as it is used. */
export interface CleanSecret {
  text: string
  /** The characters that were cut off, for people; null where only one line break at the end was. */
  cut: string | null
}

/** The characters that were cut off around a secret. */
export interface SecretCut {
  /** Where the secret was read: `the file /run/secrets/wandb`. */
  from: string
  cut: string
}

/**
 * Returns a secret without what editors, shells and secret stores put around it: a byte order mark, line breaks and other
 * white space at both ends. Every secret from outside the configuration's own text is read through here.
 */
export function cleanSecret(raw: string): CleanSecret {
  // trim() takes U+FEFF for white space: https://tc39.es/ecma262/#sec-white-space
  const text = raw.trim()
  const start = raw.length - raw.trimStart().length
  const cuts = text === '' ? [] : [cutAtStart(raw.slice(0, start)), cutAtEnd(raw.slice(start + text.length))]
  return { text, cut: cuts.filter((cut) => cut !== null).join(' and ') || null }
}

function cutAtStart(space: string): string | null {
  if (space === '') return null
  return space === '\ufeff' ? 'a byte order mark (U+FEFF) at the start' : 'white space at the start'
}

function cutAtEnd(space: string): string | null {
  if (space === '' || space === '\n') return null
  return space === '\r\n' ? 'a line break of Windows (CR LF) at the end' : 'white space at the end'
}
