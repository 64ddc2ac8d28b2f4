import type { SourceConfig } from '../config/config.ts'
import { z } from 'zod'
import { secretValues } from '../config/schema-walk.ts'
import { secretTexts } from '../sources/credentials.ts'
import type { SourceLookup } from '../sources/lookup.ts'
import type { ConnectedSource, SourceType, Verification, WebhookRequest } from '../sources/source.ts'

const NO_TOKENS = { access_token: null, authorization: null }

/** A source of the configuration in force, ready to take requests. */
export interface Source extends ConnectedSource {
  config: SourceConfig
  /** How its registry is asked, where `config.lookup` says that it is; else null. */
  lookup: SourceLookup | null
  /** Bodies to try with, by event type: see `SourceType.samples`. */
  samples: SourceType['samples']
  /** The kinds of the event types that it knows. */
  events: SourceType['events']
  /** Every secret text of the source, its own settings included: nothing that is kept or sent on may hold one. */
  hidden: readonly string[]
  /** Returns the same source with other secrets: what a mistyped one would have accepted. */
  withSecrets(secrets: readonly string[]): ConnectedSource
  /** Checks the signature of a request alone, not its tokens; null where it carries none, or the source has no secrets. */
  verifySignature(request: WebhookRequest): Verification | null
}

/** Returns every source of a configuration, connected, by the last part of its URL. */
export function connectSources(
  configured: ReadonlyMap<string, SourceConfig>,
  types: ReadonlyMap<string, SourceType>,
): ReadonlyMap<string, Source> {
  const sources = new Map<string, Source>()
  for (const config of configured.values()) {
    const type = types.get(config.type)
    if (type === undefined) continue
    const connected = type.connect(config)
    const withSecrets = (secrets: readonly string[]) =>
      type.connect({ ...config, credentials: { ...config.credentials, secrets } })
    const signatures = type.connect({
      ...config,
      credentials: { ...NO_TOKENS, secrets: config.credentials.secrets },
    })
    const verifySignature = (request: WebhookRequest) => {
      if (config.credentials.secrets.length === 0) return null
      const verified = signatures.verify(request)
      return !verified.ok && verified.unsigned === true ? null : verified
    }
    const open = isOpen(config) ? { verify: takeAll } : {}
    const { samples } = type
    const events = { ...type.events, ...type.eventsOf?.(config.settings) }
    const hidden = [
      ...secretTexts(config.credentials),
      ...(config.lookup?.api_key == null ? [] : [config.lookup.api_key]),
      ...secretValues(z.object(type.settings), config.settings),
    ]
    const lookup = config.lookup === null ? null : (type.lookup ?? null)
    const more = { config, lookup, samples, events, hidden, withSecrets, verifySignature }
    sources.set(config.name, { ...connected, ...open, ...more })
  }
  return sources
}

/** Returns whether the source says on purpose that nobody can be verified. */
function isOpen({ insecure, credentials: { secrets, access_token, authorization } }: SourceConfig): boolean {
  return insecure && secrets.length === 0 && access_token === null && authorization === null
}

const takeAll: ConnectedSource['verify'] = () => ({ ok: true, secret: null })
