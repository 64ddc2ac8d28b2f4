import type { Acceptor } from '../deliveries/acceptor.ts'
import type { Changes } from '../observe/changes.ts'
import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'
import type { Counts } from '../observe/metrics/counts.ts'
import type { RefusedConfig } from '../runtime/refused-config.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { StoredAutomations } from '../runtime/stored-automations.ts'
import type { StoredSecrets } from '../runtime/stored-secrets.ts'
import type { Store } from '../store/store.ts'
import type { Audit } from './audit.ts'
import type { SignIns } from './sign-in.ts'

/** Tells the engine in which lanes something may be claimed now. */
export type Wake = (lanes: readonly string[]) => void

/** The means of the API. */
export interface ApiOptions {
  store: Store
  runtime: () => Runtime
  acceptor: Pick<Acceptor, 'accept'>
  clock: Clock
  log: Log
  wake: Wake
  secrets: StoredSecrets
  automations: StoredAutomations
  refused_config: Pick<RefusedConfig, 'now'>
  /** Returns the last refused requests of a source, oldest first. */
  refusals: { of(source: string): readonly { at: number; status: number; reason: string }[] }
  changes: Pick<Changes, 'listen'>
  public_url: string | null
  /** Reads the metrics as a text for Prometheus. */
  metrics: () => Promise<string>
  counts: Pick<Counts, 'wrongToken'>
}

/** The means of every handler of a route. */
export interface ApiContext extends ApiOptions {
  audit: Audit
  sign_ins: SignIns
}
