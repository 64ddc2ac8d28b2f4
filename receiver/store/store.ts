import type { Operations } from './operations.ts'

/**
 * Everything the receiver keeps: events, deliveries, attempts, lanes. Two engines, one set of operations
 * (`operations/`), one conformance suite (`test/store`).
 */
export type Store = Operations & {
  readonly engine: 'sqlite' | 'postgres'
  /**
   * Calls back when a replica has put work into the store, with the lanes that must be looked at whatever their
   * alarm says. Never on SQLite: it has one process.
   */
  onWork(listener: (lanes: readonly string[]) => void): void
  /** Ends all work and frees the data. Pending operations finish first. */
  close(): Promise<void>
}

/**
 * The store cannot be used right now (disk full, read-only, server gone): nothing was written and the same call
 * may succeed later. Every other error of an operation is about its own arguments.
 */
export class StoreUnavailable extends Error {
  /** What a person should look at. */
  readonly fix: string
  constructor(message: string, fix: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'StoreUnavailable'
    this.fix = fix
  }
}

/** The store cannot be opened at all; the message says why and what to do. */
export class StoreRefused extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'StoreRefused'
  }
}
