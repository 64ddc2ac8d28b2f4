import type { Config, SourceConfig } from '../config/config.ts'
import type { Clock } from '../observe/clock.ts'
import type { Store } from '../store/store.ts'

/** A source that sends nothing. */
export interface Silence {
  source: string
  /** Since when, Unix ms of the machine's clock. */
  since: number
  /** The last event that it sent, null where it never sent any. */
  last_event_id: string | null
  silent_after_ms: number
}

/** Looks for silent sources. */
export interface Silences {
  /** Tells of each source that has sent nothing for as long as its `silent_after` says. */
  check: () => Promise<void>
}

/** The means to find silences. */
export interface SilencesOptions {
  store: Pick<Store, 'lastHeard'>
  config: () => Pick<Config, 'sources'>
  clock: Clock
  onSilent: (silence: Silence) => void
}

/** Returns what looks for silent sources, when it is asked to. */
export function createSilences({ store, config, clock, onSilent }: SilencesOptions): Silences {
  return {
    async check() {
      const watched = [...config().sources.values()].filter(isWatched)
      if (watched.length === 0) return
      const sources = watched.map(({ name }) => name)
      const heard = await store.lastHeard({ sources, now: clock.steady() })
      for (const { name, silent_after_ms } of watched) {
        const last = heard.find(({ source }) => source === name)
        if (last === undefined || last.silent_ms < silent_after_ms) continue
        const since = clock.wall() - last.silent_ms
        onSilent({ source: name, since, last_event_id: last.event_id, silent_after_ms })
      }
    },
  }
}

const isWatched = (source: SourceConfig): source is SourceConfig & { silent_after_ms: number } =>
  source.silent_after_ms !== null
