/**
 * How a command ends. A service manager needs two of them apart: a wrong configuration, which only a person can mend,
 * and a bad moment, after which the same start succeeds. docs/operations.md explains them to users.
 */
export const EXIT = {
  /** Done, or stopped in good order. */
  ok: 0,
  /** A fault of this program, or a check that failed. */
  fault: 1,
  /** The command cannot run as it was asked to. Running it again does not help; stderr says what to change. */
  refused: 2,
  /** Something outside was not ready: EX_TEMPFAIL of sysexits.h. Run it again. */
  try_again: 75,
} as const

/** Any of the exit codes in `EXIT`. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
