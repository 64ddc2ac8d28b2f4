import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..')
const DIST = join(ROOT, 'dist')
const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-dist-'))

describe('dist/', () => {
  const built = join(folder, 'dist')
  beforeAll(() => {
    execFileSync(process.execPath, [join(ROOT, 'scripts', 'build-action.ts'), built], { cwd: folder })
  })
  afterAll(() => {
    rmSync(folder, { recursive: true })
  })

  it('is what src/ builds to, byte for byte; else run `npm run build` and commit dist/', () => {
    expect(readdirSync(DIST).sort()).toEqual(['index.js', 'licenses.txt', 'package.json'])
    expect(readdirSync(built).sort()).toEqual(readdirSync(DIST).sort())
    for (const file of readdirSync(DIST)) {
      expect(readFileSync(join(built, file)).equals(readFileSync(join(DIST, file))), file).toBe(true)
    }
  })

  it('stays small enough to start at once: at most 60 KB', () => {
    expect(readFileSync(join(DIST, 'index.js')).length).toBeLessThanOrEqual(60 * 1024)
  })

  it('names the licences of what it holds, and no path of the machine that built it', () => {
    const texts = readdirSync(DIST).map((file) => readFileSync(join(DIST, file), 'utf8'))
    expect(texts.join('\n')).not.toContain(tmpdir() + '/')
    expect(readFileSync(join(DIST, 'licenses.txt'), 'utf8')).toMatch(
      /@actions\/core\nMIT[^]*@actions\/github\nMIT/,
    )
  })
})
