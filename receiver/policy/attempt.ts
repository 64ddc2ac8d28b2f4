/** What GitHub's or another server's answer means for the delivery (gateways: one table per destination). */
export type AttemptClass =
  /** Done. */
  | 'success'
  /** Trying again cannot help: a dead letter at once. */
  | 'permanent'
  /** A rate limit: the whole lane pauses and the attempt does not count. */
  | 'limited'
  /** Our credentials are refused: the lane pauses and is probed; deliveries stay. */
  | 'credentials'
  /** It may or may not have been done (time-out, reset, 5xx): tried again by the schedule. */
  | 'ambiguous'

/** What an answer, or the lack of one, means for the delivery. */
export interface Meaning {
  class: AttemptClass
  /** One sentence for a person; empty on success. */
  message: string
  /** What to do; empty where nothing can be done. */
  fix: string
  /** See `AttemptResult.retry_after_ms`. */
  retry_after_ms: number | null
}

/** The bounded record of one HTTP try. It never holds a secret. */
export interface AttemptResult {
  class: AttemptClass
  /** HTTP status, null when no answer came. */
  status: number | null
  /** One sentence for a person: what happened. Empty on success, but for a note (the repository has moved). */
  message: string
  /** What to do about it. Empty on success or where nothing can be done. */
  fix: string
  /** The request in short: method, URL, body. Bounded to 8 KiB, secrets masked. */
  request: { method: string; url: string; body: string }
  /** The response body, bounded to 8 KiB, secrets masked; null when no answer came, or one that may hold a token. */
  response: string | null
  /** For `limited`: how long the lane rests, in ms. For others: the least wait before the next try, or null. */
  retry_after_ms: number | null
}

/** What one attempt showed, as far as it decides what comes next. */
export interface Observation {
  class: AttemptClass
  /** Least wait before the next try in ms, or null; see `AttemptResult`. */
  retry_after_ms: number | null
  message: string
  subject: string
}
