import type { Credentials } from './source.ts'

/** Returns every secret text that a source's credentials hold: of `authorization` what follows its scheme. */
export function secretTexts({ secrets, access_token, authorization }: Credentials): string[] {
  const token = authorization?.replace(/^\S+\s+/, '')
  return [...secrets, access_token, token].filter((text) => typeof text === 'string')
}
