/** The look-up of an event that is accepted before its registry was asked. */
export interface NewLookup {
  /** Whether an event without an answer is not matched at all. */
  required: boolean
  /** How long after acceptance the registry is asked, in ms. */
  give_up_ms: number
  /** Of a replay: whether deliveries are made that a newer event makes stale. */
  force: boolean
}
