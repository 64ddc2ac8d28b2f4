import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ConfigError, type ConfigProblem } from '../config/config.ts'
import { configPathOf } from '../config/environment/config-path.ts'

/** How long a .env file may be, in characters. */
const LONGEST = 1024 * 1024

/**
 * Returns the problems with a hint at each one that comes of a variable which stands in a .env file, here or beside the
 * configuration, and was not read from it: no program reads it by itself.
 * @param path the configuration's path; null: that of the environment.
 */
export function withEnvFile(
  problems: readonly ConfigProblem[],
  path: string | null,
  env: Readonly<Record<string, string | undefined>>,
): ConfigProblem[] {
  const files = [...new Set(['.env', join(dirname(path ?? configPathOf(env)), '.env')])].map((file) => ({
    file,
    names: namesIn(file),
  }))
  return problems.map((problem) => {
    const named = `${problem.message} ${problem.fix}`.match(/\b[A-Z][A-Z0-9_]{3,}\b/g) ?? []
    for (const name of named.filter((one) => (env[one] ?? '') === ''))
      for (const { file, names } of files)
        if (names.has(name)) return { ...problem, fix: `${problem.fix} ${hint(name, file)}` }
    return problem
  })
}

/** Returns an error with these hints; any other error as it is. */
export function explainWithEnvFile(
  error: unknown,
  env: Readonly<Record<string, string | undefined>>,
): unknown {
  if (!(error instanceof ConfigError)) return error
  return new ConfigError(withEnvFile(error.problems, null, env), error.contents)
}

const hint = (name: string, file: string) =>
  `${name} stands in ${file}, which nobody has read: \`set -a; . ${file.includes('/') ? '' : './'}${file}; set +a\` before the command, or docker's --env-file.`

/** Returns the names that have a value in the file. */
function namesIn(file: string): ReadonlySet<string> {
  try {
    const text = readFileSync(file, 'utf8').slice(0, LONGEST)
    const lines = text.matchAll(/^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)=(?=[^\s])/gm)
    return new Set([...lines].map(([, name = '']) => name))
  } catch {
    return new Set()
  }
}
