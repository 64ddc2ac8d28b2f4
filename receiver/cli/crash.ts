import type { Config } from '../config/config.ts'
import { traceOf } from '../observe/reason-of.ts'
import { redact } from '../secrets/redact.ts'
import { REFERENCE } from '../secrets/settings.ts'
import { secretTexts } from '../sources/credentials.ts'
import { EXIT } from './exit-codes.ts'

/**
 * Prints an error that nothing has caught as its stack alone, secrets masked, and ends the process. Node.js itself would
 * print every property of the error too, such as the headers of a request. `follow` takes the secrets of a configuration
 * that came into force later.
 * https://nodejs.org/api/process.html#event-uncaughtexception
 */
export function maskCrashes(config: Config): { follow(config: Config): void } {
  let in_force = config
  process.on('uncaughtException', (error: unknown) => {
    console.error(redact(traceOf(error), secretsOf(in_force)))
    process.exit(EXIT.fault)
  })
  return {
    follow(next) {
      in_force = next
    },
  }
}

/** Every secret that the configuration knows; of a GitHub App's key each line, as a stack could show a part. */
function secretsOf({ sources, connections, dispatches, tokens, automations, references }: Config): string[] {
  const auths = [...connections.values()].map(({ auth }) => auth)
  const named = JSON.stringify(automations.map(({ destinations }) => destinations)).match(REFERENCE) ?? []
  return [
    ...[...sources.values()].flatMap(({ credentials }) => secretTexts(credentials)),
    ...auths.flatMap((auth) => (auth.kind === 'token' ? [auth.token] : auth.private_key.split('\n'))),
    ...dispatches.map(({ access_token }) => access_token),
    ...tokens.map(({ secret }) => secret),
    ...named.flatMap((reference) => valueOf(reference, references)),
  ].flatMap((secret) => [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')])
}

function valueOf(reference: string, references: Config['references']): string[] {
  try {
    return [references.read(reference)]
  } catch {
    return []
  }
}
