import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import type { Scene } from '../support/scene.ts'
import { goTo, hasBrowser, openPage, signIn, startBrowser } from './browser.ts'
import { startLongScene } from './long-scene.ts'

/** As long as a person would wait on a busy machine, in ms. */
const TIMES = { timeout: 120_000 }

describe.skipIf(!hasBrowser)('a long list in the dashboard', () => {
  let browser: Browser
  let scene: Scene
  beforeAll(async () => {
    browser = await startBrowser()
    scene = await startLongScene(2_000)
  })
  afterAll(async () => {
    await browser.close()
    await scene.close()
  })

  it('holds fifty rows at a time, page by page, however many there are', TIMES, async () => {
    const { page } = await openPage(browser)
    await signIn(page, scene.receiver.url, ADMIN_TOKEN)
    await goTo(page, '/deliveries', 'Deliveries')
    const rows = page.locator('tbody tr')
    const targets = () => page.locator('tbody td:first-child a').evaluateAll((links) => links.map(String))
    await expect.poll(() => rows.count()).toBe(50)
    const seen = new Set(await targets())
    for (let n = 2; n <= 4; n++) {
      await page.getByRole('button', { name: 'Older' }).click()
      await page.getByText(`Page ${n}`).waitFor()
      await expect.poll(async () => (await targets()).filter((target) => seen.has(target))).toEqual([])
      for (const target of await targets()) seen.add(target)
      expect(await rows.count()).toBe(50)
    }
    expect(seen.size).toBe(200)
    await page.getByRole('button', { name: 'Newer' }).click()
    await page.getByText('Page 3').waitFor()
  })

  it('shows what its filters fit, and one page of it', TIMES, async () => {
    const { page } = await openPage(browser)
    await signIn(page, scene.receiver.url, ADMIN_TOKEN)
    await goTo(page, '/deliveries', 'Deliveries')
    await page.getByLabel('Status').selectOption('failed')
    await expect.poll(() => page.locator('tbody tr').count()).toBe(20)
    await page.getByLabel('Model').fill('model-200')
    await expect.poll(() => page.locator('tbody tr').count()).toBe(4)
    await page.getByLabel('Model').fill('no such model')
    await page.getByText('No delivery fits the filters').waitFor()
  })
})
