import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun } from '../support/must-run.ts'

const BIN = join(import.meta.dirname, '..', '..', '.venv', 'bin')

/** Returns the path of a program that `.ci/python` installs, such as `python` or `mlflow`. */
export const pythonProgram = (name: string): string => join(BIN, name)

/** Returns whether what `.ci/python` installs is there. Says on stderr what does not run without it; in CI it must be. */
export function hasPython(what: string): boolean {
  const installed = ['python', 'mlflow', '../registry-webhooks/bin/python'].every((name) =>
    existsSync(pythonProgram(name)),
  )
  return mustRun(installed, what, 'its Python packages are missing; install them: bash .ci/python')
}
