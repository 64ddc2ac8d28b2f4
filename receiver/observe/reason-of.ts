/** Returns the message of an error, for a log line or an answer; anything else that was thrown as text. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Returns the stack of an error where it has one: for the log, where the error is a fault of this program. */
export const traceOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)

/** Returns what was thrown as an error. */
export const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))
