import { randomBytes } from 'node:crypto'
import type { ApiContext } from '../context.ts'
import { automationOf } from './form.ts'
import { RegistryError } from './errors.ts'

/** The use of a registry webhook's secret. */
type SecretKey = 'secret' | 'authorization' | 'access_token'

/** The names of stored secrets that belong to registry webhooks. */
const OURS = /^WEBHOOK_([0-9A-F]{32})_(?:SECRET|AUTHORIZATION|ACCESS_TOKEN)_[0-9A-F]{6}$/

/** A secret is not looked at before it is this old, in ms: its webhook may be about to be written. */
const YOUNG_MS = 600_000

/** Stores a secret, bound to the host of `url`, and returns its name. @throws RegistryError where it cannot be stored. */
export type KeepSecret = (key: SecretKey, value: string, url: string) => Promise<string>

/**
 * Does something that stores secrets of a registry webhook. Where it is refused, they are deleted again: nobody would
 * ever use them. Where the store has gone away in between, they may be in use, and stay for `dropUnusedSecrets`.
 */
export async function withSecrets(
  { secrets }: Pick<ApiContext, 'secrets'>,
  id: string,
  work: (keep: KeepSecret) => Promise<void>,
): Promise<void> {
  const kept: string[] = []
  try {
    await work(async (key, value, url) => {
      // Every value has a name of its own: deliveries that were accepted before go on with the former one.
      const mark = randomBytes(3).toString('hex').toUpperCase()
      const name = `WEBHOOK_${id.toUpperCase()}_${key.toUpperCase()}_${mark}`
      const outcome = await secrets.put({ name, hosts: [new URL(url).hostname], value })
      if (outcome !== 'created' && outcome !== 'replaced')
        throw new RegistryError('BAD_REQUEST', REFUSED[outcome])
      kept.push(name)
      return name
    })
  } catch (error) {
    if (error instanceof RegistryError) for (const name of kept) await secrets.delete(name)
    throw error
  }
}

const REFUSED = {
  no_key:
    'The receiver has no key to encrypt the secret with. Set SECRETS_KEY on every replica (openssl rand -base64 32), and restart.',
  other_key: "The receiver's SECRETS_KEY differs from that of another replica. Give all of them the same.",
  too_many:
    'The receiver has 1000 stored secrets already. Delete webhooks or secrets that are not used any more.',
} as const

/**
 * Deletes secrets of registry webhooks that neither a webhook nor an unfinished delivery needs any more.
 */
export async function dropUnusedSecrets(
  context: Pick<ApiContext, 'secrets' | 'automations' | 'store' | 'clock'>,
): Promise<void> {
  const { secrets, automations, store, clock } = context
  const old = clock.steady() - YOUNG_MS
  const ours = (await secrets.list()).filter(({ name, updated_at }) => OURS.test(name) && updated_at < old)
  if (ours.length === 0) return
  const used = JSON.stringify((await automations.list()).map(({ input }) => input))
  for (const { name } of ours) {
    if (used.includes(name)) continue
    const automation = automationOf((OURS.exec(name)?.[1] ?? '').toLowerCase())
    const waiting = await Promise.all(
      (['pending', 'delivering'] as const).map((status) =>
        store.listDeliveries({ status, automation, limit: 1 }),
      ),
    )
    if (waiting.every(({ items }) => items.length === 0)) await secrets.delete(name)
  }
}
