import type { Problem } from '../../src/contract/problem.ts'

/** The meaning of a server's answer for the delivery; each destination has a table of its answers. */
export type AttemptClass =
  /** Done. */
  | 'success'
  /** Trying again cannot help: the delivery fails at once. */
  | 'permanent'
  /** A rate limit: the whole lane pauses and the attempt does not count. */
  | 'limited'
  /** Our credentials are refused: the lane pauses and is probed, and its deliveries wait. */
  | 'credentials'
  /** The request may or may not have had its effect (time-out, reset, 5xx): the schedule tries again. */
  | 'ambiguous'

/** The meaning of an answer, or of the lack of one, for the delivery. */
export interface Meaning extends Problem {
  class: AttemptClass
  /**
   * A sentence for a person: what happened. Empty on success, but for a note (the repository has moved). `fix` is
   * empty on success too.
   */
  message: string
  /**
   * For `limited`: how long the lane pauses, in ms. For others: the least wait before the next try, in ms. Null where
   * the answer names no time.
   */
  retry_after_ms: number | null
}

/** The bounded record of one HTTP attempt. Never holds a secret. */
export interface AttemptResult extends Meaning {
  /** HTTP status, null when no answer came. */
  status: number | null
  /** The request in short: method, URL, body. Bounded to 8 KiB, secrets masked. */
  request: { method: string; url: string; body: string }
  /** The response body, bounded to 8 KiB, secrets masked; null when no answer came, or one that may hold a token. */
  response: string | null
}

/** The other side's words about a delivery that is not sent. `fix` is empty where nothing is wrong. */
export interface Access extends Problem {
  /** Null where it cannot be told without sending. */
  allowed: boolean | null
  /** The HTTP status of the answer; null when none came. */
  status: number | null
}

/** The result of one attempt, as far as it decides what comes next. */
export interface Observation extends Pick<Meaning, 'class' | 'message' | 'retry_after_ms'> {
  subject: string
}
