import type { AutomationSpec } from '../automations/automation.ts'
import type { DestinationType } from '../destinations/destination.ts'
import type { Log } from '../observe/log.ts'
import { reasonOf } from '../observe/reason-of.ts'
import type { StoredSecrets } from './stored-secrets.ts'

/**
 * Logs which stored secrets the destinations of these automations name that are not there. Their deliveries wait;
 * the configuration stays in force, since the secret may be stored later.
 */
export async function warnOfMissingSecrets(
  automations: readonly AutomationSpec[],
  types: ReadonlyMap<string, DestinationType>,
  { secrets, log }: { secrets: Pick<StoredSecrets, 'list'>; log: Log },
): Promise<void> {
  const needed = neededSecrets(automations, types)
  if (needed.size === 0) return
  try {
    const stored = new Set((await secrets.list()).map(({ name }) => name))
    for (const [secret, names] of needed) {
      if (stored.has(secret)) continue
      const fix = `Store it with PUT /api/v1/secrets/${secret}, or correct the name.`
      log.warn({ name: secret, automations: names, fix }, 'a stored secret is missing')
    }
  } catch (error) {
    log.debug({ reason: reasonOf(error) }, 'the stored secrets could not be listed')
  }
}

/** Returns the automations that need each stored secret; disabled ones do not count. */
function neededSecrets(
  automations: readonly AutomationSpec[],
  types: ReadonlyMap<string, DestinationType>,
): Map<string, string[]> {
  const needed = new Map<string, string[]>()
  for (const { name, status, destinations } of automations) {
    if (status === 'disabled') continue
    const secrets = destinations.flatMap((settings) => types.get(settings.type)?.secrets?.(settings) ?? [])
    for (const secret of new Set(secrets)) needed.set(secret, [...(needed.get(secret) ?? []), name])
  }
  return needed
}
