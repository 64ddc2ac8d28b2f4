import type { SourceConfig } from '../config/config.ts'
import type { ConnectedSource, SentSignature } from '../sources/source.ts'
import { CommandError } from './command-error.ts'

/**
 * Signs a body as the registry of this source would, with the first of its `secrets` and its tokens.
 * @param now Unix ms.
 * @throws CommandError where the sender's key is not here: the receiver has only the public one.
 */
export function signAs(
  { config, sign }: Pick<ConnectedSource, 'sign'> & { config: SourceConfig },
  body: Buffer,
  now: number,
): Required<SentSignature> {
  const { secrets, access_token, authorization } = config.credentials
  const signed = sign === undefined || secrets.length === 0 ? { headers: {} } : sign(body, now)
  if (signed === null)
    throw new CommandError(
      `The source ${config.name} has only public keys, and the sender alone can sign with the private one.`,
      'Add a `whsec_…` secret to its `secrets` while you try.',
    )
  const token = authorization ?? (access_token === null ? null : `Bearer ${access_token}`)
  const headers = { ...signed.headers, ...(token === null ? {} : { authorization: token }) }
  return { headers, query: signed.query ?? {} }
}
