import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { request } from '../support/http.ts'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { barriers, goTo, hasBrowser, openPage, settled, signIn, startBrowser } from './browser.ts'
import { HOSTILE, startFullScene, type FullScene } from './full-scene.ts'

/** As long as a person would wait on a busy machine, in ms. */
const TIMES = { timeout: 240_000 }
const AUTHORIZED = { authorization: `Bearer ${ADMIN_TOKEN}` }

describe.skipIf(!hasBrowser)('a dashboard full of what anybody may send', () => {
  let browser: Browser
  let scene: FullScene
  beforeAll(async () => {
    browser = await startBrowser()
    scene = await startFullScene()
  }, 120_000)
  afterAll(async () => {
    await browser.close()
    await scene.close()
  })

  const items = async (path: string) =>
    (await scene.receiver.api(`/api/v1${path}`)).body['items'] as { id: string; event: { title: string } }[]

  /** A page for each kind of trouble. */
  async function places(): Promise<string[]> {
    const deliveries = await items('/deliveries')
    const events = await items('/events')
    const lists = ['/', '/models', '/events', '/deliveries', '/automations', '/sources', '/lanes', '/secrets']
    const names = Object.values(HOSTILE).map((name) => `/models/${encodeURIComponent(name)}`)
    return [
      ...lists,
      ...names,
      ...events
        .filter(({ event }) => /onerror|xxx|hub\.example/.test(event.title))
        .map(({ id }) => `/events/${id}`),
      ...deliveries.slice(0, 3).map(({ id }) => `/deliveries/${id}`),
    ]
  }

  it.each([
    [1280, false],
    [390, true],
  ])(
    'keeps nobody out, by axe, and nothing beside the page, at a width of %d pixels (dark: %s)',
    TIMES,
    async (width, dark) => {
      const { page, complaints } = await openPage(browser, { width, dark })
      await signIn(page, scene.receiver.url, ADMIN_TOKEN)
      for (const path of await places()) {
        await goTo(page, path, /./)
        await settled(page)
        const wider = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')
        expect({ path, wider, barriers: await barriers(page) }).toEqual({ path, wider: 0, barriers: [] })
        const links = await page.locator('a[href]').evaluateAll((all) => all.map(String))
        const outside = links.filter((link) => !link.startsWith(scene.receiver.url))
        expect(outside.filter((link) => !link.startsWith('https://'))).toEqual([])
        expect(await page.locator('img[src="x"]').count()).toBe(0)
      }
      expect(complaints).toEqual([])
    },
  )

  it(
    'links to a page that an event names where it is on https, and shows any other as text',
    TIMES,
    async () => {
      const { page } = await openPage(browser)
      await signIn(page, scene.receiver.url, ADMIN_TOKEN)
      await goTo(page, '/events?source=hub', 'Events')
      await page.getByRole('link', { name: /https:\/\/hub/ }).click()
      const link = page.getByRole('link', { name: 'Open in the registry' })
      expect(await link.getAttribute('href')).toBe('https://hub.example/resnet50')
      expect(await link.getAttribute('rel')).toContain('noopener')
      await goTo(page, '/events?source=hub', 'Events')
      await page.getByRole('link', { name: /http:\/\/hub/ }).click()
      await page.getByText('As it came').waitFor()
      expect(await link.count()).toBe(0)
    },
  )

  it('writes out the characters of a name that hide or turn text around', TIMES, async () => {
    const { page } = await openPage(browser)
    await signIn(page, scene.receiver.url, ADMIN_TOKEN)
    await goTo(page, '/models', 'Models')
    await page.getByRole('link', { name: 'a⟨U+200B⟩b\u200Dc⟨U+FEFF⟩d' }).waitFor()
    await page.getByRole('link', { name: /⟨U\+202E⟩exe\.moc/ }).click()
    await page.getByRole('heading', { level: 1, name: /⟨U\+202E⟩exe\.moc/ }).waitFor()
  })

  it.each(['events', 'deliveries'])(
    'exports %s as JSON objects, a line each: no cell can be a formula',
    async (list) => {
      const { status, headers, text } = await request(`${scene.receiver.url}/api/v1/export/${list}`, {
        headers: AUTHORIZED,
      })
      expect({ status, type: headers['content-type'] }).toEqual({
        status: 200,
        type: 'application/x-ndjson; charset=utf-8',
      })
      const lines = text.trimEnd().split('\n')
      expect(lines.length).toBeGreaterThan(1)
      for (const line of lines) {
        expect(line).toMatch(/^\{"/)
        expect(JSON.parse(line)).toHaveProperty('id')
      }
    },
  )
})
