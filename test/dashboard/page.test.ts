import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import express from 'express'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pageRouter } from '../../receiver/dashboard/page.ts'
import { request } from '../support/http.ts'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

const BUILT = join(import.meta.dirname, '..', '..', 'dashboard', 'dist')

async function serve(folder?: string): Promise<{ url: string; close: () => void }> {
  const app = express().use(pageRouter(folder))
  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening))
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => server.close(),
  }
}

describe('the files of the dashboard', () => {
  let served: Awaited<ReturnType<typeof serve>>
  beforeAll(async () => {
    served = await serve()
  })
  afterAll(() => served.close())

  it('are built where development packages are installed', () => {
    expect(existsSync(join(BUILT, 'index.html')), 'npm run build:dashboard').toBe(true)
  })

  it('may load what is their own and nothing else', async () => {
    const { status, headers } = await request(served.url)
    expect(status).toBe(200)
    const policy = String(headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe')
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['cache-control']).toBe('no-cache')
  })

  it('have no script, style or address of another server in the page', () => {
    const page = readFileSync(join(BUILT, 'index.html'), 'utf8')
    expect(page.match(/(src|href)="(?!\.\/)[^"]*"/g)).toBeNull()
    expect(page).not.toMatch(/<script(?![^>]* src=)|<style|style="/)
  })

  it('are kept by browsers for as long as they do not change', async () => {
    const [script = ''] = readdirSync(join(BUILT, 'assets'))
    const { headers } = await request(`${served.url}/assets/${script}`)
    expect(headers['cache-control']).toContain('immutable')
    expect(headers['content-security-policy']).toBeDefined()
  })

  it('weigh at most 180 KB, compressed, in scripts before the first page is shown', () => {
    const page = readFileSync(join(BUILT, 'index.html'), 'utf8')
    const scripts = [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.js)"/g)].map(([, path = '']) => path)
    const bytes = scripts.map((path) => gzipSync(readFileSync(join(BUILT, path))).length)
    expect(scripts.length).toBeGreaterThan(0)
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(180_000)
  })

  it.each(['/assets/../../../package.json', '/..%2f..%2fpackage.json', '/.vite/manifest.json'])(
    'are all that is served: %s is not',
    async (path) => {
      expect((await request(`${served.url}${path}`)).status).toBe(404)
    },
  )

  it('are missing with a sentence that says how to make them', async () => {
    const missing = await serve('/nonexistent')
    const { status, text } = await request(missing.url)
    missing.close()
    expect(status).toBe(503)
    expect(text).toContain('npm run build:dashboard')
  })
})
