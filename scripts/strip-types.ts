/**
 * Writes the program as JavaScript: `node scripts/strip-types.ts TO FOLDER…`. The image runs this copy, since taking the
 * types out at each start costs a third of the start and 20 MB in each thread. Types turn into blanks and paths from
 * `.ts` into `.js`, so lines and columns of a stack are those of the sources. The same sources give the same bytes.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join } from 'node:path'

/** A relative path to a module of ours, in quotes: of an import, or of a thread that is started from a file. */
const MODULE_PATH = /(['"])(\.{1,2}\/[^'"\n]+)\.ts\1/g

const [to, ...folders] = process.argv.slice(2)
if (to === undefined || folders.length === 0) throw new Error('Usage: node scripts/strip-types.ts TO FOLDER…')
process.removeAllListeners('warning')

for (const folder of folders) {
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue
    const target = join(to, folder, file.replace(/\.ts$/, '.js'))
    mkdirSync(dirname(target), { recursive: true })
    const stripped = stripTypeScriptTypes(readFileSync(join(folder, file), 'utf8'))
    writeFileSync(target, stripped.replace(MODULE_PATH, '$1$2.js$1'))
  }
}
