import type { Problem } from '../../src/contract/problem.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'

/** A command cannot do what it was asked to. The message says why, and `fix` what to do. */
export class CommandError extends Error implements Problem {
  readonly fix: string
  readonly exit_code: ExitCode
  /** @param exit_code how the process ends; running it again does not help by default. */
  constructor(message: string, fix: string, exit_code: ExitCode = EXIT.refused) {
    super(message)
    this.name = 'CommandError'
    this.fix = fix
    this.exit_code = exit_code
  }
}
