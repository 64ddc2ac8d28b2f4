import type { Runtime } from './runtime.ts'

/** Holds the runtime that is in force, for the parts that outlive it. */
export class InForce {
  #runtime: Runtime | null = null

  /** @throws Error before the first runtime is in force: that would be a fault of the start. */
  get runtime(): Runtime {
    if (this.#runtime === null) throw new Error('No configuration is in force yet.')
    return this.#runtime
  }

  /** Puts a runtime in force, whole: events after that go by it. */
  set runtime(next: Runtime) {
    this.#runtime = next
  }
}
