import { spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun } from './must-run.ts'

const CACHE = join(import.meta.dirname, '..', '..', 'node_modules', '.cache')

/**
 * Returns the Python of a virtual environment that has these packages (`name==version`), made once and kept; null, said
 * loudly, where there is no Python or no package index. In CI it must be there.
 */
export function pythonWith(packages: readonly string[], what: string): string | null {
  const folder = join(CACHE, `python-${hash('sha256', packages.join('\n'), 'hex').slice(0, 12)}`)
  const python = join(folder, 'bin', 'python')
  const done = join(folder, 'complete')
  if (existsSync(done)) return python
  rmSync(folder, { recursive: true, force: true })
  const made =
    run('python3', ['-m', 'venv', folder]) && run(python, ['-m', 'pip', 'install', '--quiet', ...packages])
  if (made) writeFileSync(done, packages.join('\n'))
  return mustRun(made, what, 'python3 with venv, or the index of its packages, is missing') ? python : null
}

function run(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { encoding: 'utf8', timeout: 300_000 }).status === 0
}
