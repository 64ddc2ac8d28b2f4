import type { SourceConfig } from '../config/config.ts'
import type { ConnectedSource, SourceType } from '../sources/source.ts'

/** A source of the configuration in force, ready to take requests. */
export interface Source extends ConnectedSource {
  config: SourceConfig
  /** Returns the same source with other secrets: what a mistyped one would have accepted. */
  withSecrets(secrets: readonly string[]): ConnectedSource
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
    const open = isOpen(config) ? { verify: takeAll } : {}
    sources.set(config.name, { ...connected, ...open, config, withSecrets })
  }
  return sources
}

/** Returns whether the source says on purpose that nobody can be verified. */
function isOpen({ insecure, credentials: { secrets, access_token, authorization } }: SourceConfig): boolean {
  return insecure && secrets.length === 0 && access_token === null && authorization === null
}

const takeAll: ConnectedSource['verify'] = () => ({ ok: true, secret: null })
