/** Something that has changed, for those who look on. */
export type Change =
  | { kind: 'event'; id: string; source: string; type: string; event_kind: string; automations: string[] }
  | { kind: 'delivery'; id: string; event_id: string; automation: string; target: string; status: string }
  | { kind: 'lane'; lane: string; state: 'paused' | 'resumed'; reason: string | null; until: string | null }
  /** Another replica has put work into these lanes; into any where there are none. */
  | { kind: 'work'; lanes: readonly string[] }

/** Tells what changes to those who look on; nobody else waits for them. */
export interface Changes {
  tell(change: Change): void
  /** Calls back for each change until the returned function is called. */
  listen(listener: (change: Change) => void): () => void
}

/** Returns changes that nobody listens to yet. */
export function createChanges(): Changes {
  const listeners = new Set<(change: Change) => void>()
  return {
    tell(change) {
      for (const listener of listeners) listener(change)
    },
    listen(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}
