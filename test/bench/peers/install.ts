import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Installs packages for one peer into a folder of its own, outside the project's dependencies, and copies the peer's
 * script (a file beside this one) there. Returns the folder. Throws where npm cannot get them.
 */
export function installPeer(folder: string, script: string, packages: readonly string[]): string {
  const place = join(folder, script.replace(/\.mjs$/, ''))
  if (!existsSync(place)) {
    mkdirSync(place)
    writeFileSync(join(place, 'package.json'), '{"private":true}')
    const args = ['install', '--prefix', place, '--no-audit', '--no-fund', '--loglevel=error', ...packages]
    execFileSync('npm', args, { stdio: 'pipe', cwd: place })
  }
  copyFileSync(join(import.meta.dirname, script), join(place, script))
  return place
}
