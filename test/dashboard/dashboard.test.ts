import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'
import { barriers, goTo, hasBrowser, openPage, settled, signIn, startBrowser } from './browser.ts'

const CONFIG = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
automations:
  - name: from-the-file
    events: [LINK_ARTIFACT]
    destinations: [{ type: repository_dispatch, repository: acme/serving }]
`
const PAGES = [
  ['/', 'Overview'],
  ['/models', 'Models'],
  ['/models/resnet50', 'resnet50'],
  ['/events', 'Events'],
  ['/deliveries', 'Deliveries'],
  ['/automations', 'Automations'],
  ['/automations/new', 'New automation'],
  ['/automations/from-the-file', 'from-the-file'],
  ['/sources', 'Sources'],
  ['/lanes', 'Lanes'],
  ['/secrets', 'Secrets'],
  ['/audit', 'Audit log'],
] as const
/** As long as a person would wait on a busy machine, in ms. */
const TIMES = { timeout: 120_000 }

const send = ({ receiver }: Scene, parts: Record<string, unknown> = {}) =>
  sendWandb(receiver.url, aliasBody(parts))

describe.skipIf(!hasBrowser)('the dashboard', () => {
  let browser: Browser
  let scene: Scene
  beforeAll(async () => {
    browser = await startBrowser()
    scene = await startScene({ config: CONFIG, github: { repositories: ['acme/serving'] } })
  })
  afterAll(async () => {
    await browser.close()
    await scene.close()
  })

  it('leads from an automation that fails to one that succeeds', TIMES, async () => {
    const { page, complaints } = await openPage(browser)
    await signIn(page, scene.receiver.url, ADMIN_TOKEN)
    await send(scene)
    await createAutomation(page)
    await send(scene, { artifact_version: 'wandb-artifact://_id/second' })

    await goTo(page, '/deliveries', 'Deliveries')
    await page.getByRole('link', { name: 'acme/missing' }).click()
    await page.getByText('failed', { exact: true }).first().waitFor()
    await page
      .getByText(/HTTP 404/)
      .first()
      .waitFor()

    await goTo(page, '/automations/deploy', 'deploy')
    await page.getByRole('textbox', { name: 'repository' }).fill('acme/serving')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved: the next event sees it.').waitFor()
    await send(scene, { artifact_version: 'wandb-artifact://_id/third' })
    await goTo(page, '/deliveries', 'Deliveries')
    await page.getByRole('link', { name: 'acme/serving' }).first().click()
    await page.getByText('succeeded', { exact: true }).first().waitFor()
    await page.getByRole('button', { name: 'Redeliver' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Redeliver' }).click()
    await page.getByText('It is tried again now.').waitFor()
    await expect.poll(() => scene.github.dispatches.length, { timeout: 15_000 }).toBe(2)

    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByText('You have signed out.').waitFor()
    expect(complaints).toEqual([])
  })

  it('previews an automation on an event that came, and says what is wrong with one', TIMES, async () => {
    await send(scene, { artifact_version: 'wandb-artifact://_id/preview' })
    const { page } = await openPage(browser)
    await signIn(page, scene.receiver.url, ADMIN_TOKEN)
    await goTo(page, '/automations/new', 'New automation')
    await page.getByLabel('name', { exact: true }).fill('preview')
    await page.getByRole('textbox', { name: 'repository' }).fill('acme/serving')
    await page.getByRole('button', { name: 'Preview' }).click()
    await page.getByText('It matches.').waitFor()
    await page.getByRole('textbox', { name: 'repository' }).fill('other/serving')
    await page.getByRole('button', { name: 'Create' }).click()
    await page.getByRole('alert').filter({ hasText: 'other/serving' }).first().waitFor()
  })

  it('shows what a file provides and where it stands, read-only', TIMES, async () => {
    const { page } = await openPage(browser)
    await signIn(page, scene.receiver.url, ADMIN_TOKEN)
    await goTo(page, '/automations/from-the-file', 'from-the-file')
    await page.getByText(/model-dispatch\.yaml, line 7: change it there/).waitFor()
    expect(await page.getByRole('textbox', { name: 'repository' }).isDisabled()).toBe(true)
    expect(await page.getByRole('button', { name: 'Save' }).count()).toBe(0)
  })

  it('takes hostile names for text, whatever they hold', TIMES, async () => {
    const hostile = `<img src=x onerror=alert(1)> [a](javascript:alert(1)) =1+1`
    await send(scene, { event_author: hostile, alias: 'staging', artifact_collection_name: 'hostile' })
    const { page, complaints } = await openPage(browser)
    await signIn(page, scene.receiver.url, ADMIN_TOKEN)
    await goTo(page, '/events', 'Events')
    await page
      .getByRole('link', { name: /<img src=x onerror/ })
      .first()
      .click()
    await page.getByText(hostile).first().waitFor()
    expect(await page.locator('img[src="x"]').count()).toBe(0)
    expect(complaints).toEqual([])
  })

  it('tells that a session has ended, and goes on after signing in again', TIMES, async () => {
    const { page } = await openPage(browser)
    await signIn(page, scene.receiver.url, ADMIN_TOKEN)
    await page.context().clearCookies()
    await page.getByRole('link', { name: 'Events' }).click()
    await page.getByText(/Your session has ended/).waitFor()
    await page.getByLabel('Token').fill(ADMIN_TOKEN)
    await page.getByLabel('Token').press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Events' }).waitFor()
  })

  it('leads the same way by keyboard alone, and shows where the focus is', TIMES, async () => {
    const { page } = await openPage(browser)
    const open = async (name: string, heading: string) => {
      await tabTo(page, name)
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { level: 1, name: heading }).waitFor()
    }
    await page.goto(`${scene.receiver.url}/`)
    await page.getByLabel('Token').waitFor()
    await tabTo(page, 'Token')
    await page.keyboard.type(ADMIN_TOKEN)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Overview' }).waitFor()

    await open('Automations', 'Automations')
    await open('New automation', 'New automation')
    await tabTo(page, 'name')
    await page.keyboard.type('by-keyboard')
    await tabTo(page, 'repository')
    await page.keyboard.type('acme/typo')
    await open('Create', 'by-keyboard')
    await send(scene, { artifact_version: 'wandb-artifact://_id/keyboard' })
    await open('Deliveries', 'Deliveries')
    await open('acme/typo', 'acme/typo')
    await page.getByText('failed', { exact: true }).first().waitFor()

    await open('by-keyboard', 'by-keyboard')
    await tabTo(page, 'repository')
    await page.keyboard.type('acme/serving')
    await tabTo(page, 'Save')
    await page.keyboard.press('Enter')
    await page.getByText('Saved: the next event sees it.').waitFor()
    await open('Events', 'Events')
    await open('resnet50 -> production by jane', 'resnet50 -> production by jane')
    await tabTo(page, 'Replay')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await tabTo(page, 'Replay')
    await page.keyboard.press('Enter')
    await page.getByText('succeeded', { exact: true }).first().waitFor()
    await tabTo(page, 'Sign out')
    await page.keyboard.press('Enter')
    await page.getByText('You have signed out.').waitFor()
  })

  it.each([
    [1280, false],
    [1280, true],
    [390, false],
    [390, true],
  ])(
    'keeps nobody out, by axe, on any page at a width of %d pixels (dark: %s)',
    TIMES,
    async (width, dark) => {
      const { page, complaints } = await openPage(browser, { width, dark })
      await page.goto(`${scene.receiver.url}/`)
      await page.getByLabel('Token').waitFor()
      expect(await barriers(page)).toEqual([])
      await signIn(page, scene.receiver.url, ADMIN_TOKEN)
      for (const [path, heading] of PAGES) {
        await goTo(page, path, heading)
        await settled(page)
        expect({ path, barriers: await barriers(page) }).toEqual({ path, barriers: [] })
        const wider = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')
        expect({ path, wider }).toEqual({ path, wider: 0 })
      }
      expect(complaints).toEqual([])
    },
  )
})

async function createAutomation(page: Page): Promise<void> {
  await goTo(page, '/automations', 'Automations')
  await page.getByRole('link', { name: 'New automation' }).click()
  await page.getByLabel('name', { exact: true }).fill('deploy')
  await page.getByRole('textbox', { name: 'repository' }).fill('acme/missing')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByRole('heading', { level: 1, name: 'deploy' }).waitFor()
}

/** The element that has the focus: its label or text, and whether anything around it shows so. */
const FOCUSED = `(() => {
  const focused = document.activeElement
  const shows = (element) => {
    const { outlineStyle, boxShadow } = getComputedStyle(element)
    return outlineStyle !== 'none' || boxShadow !== 'none'
  }
  const text = focused?.labels?.[0]?.textContent ?? focused?.textContent ?? ''
  return { name: text.trim(), is_shown: shows(focused) || shows(focused.parentElement) }
})()`

/** Presses Tab until what has the focus is called so. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let pressed = 0; pressed < 120; pressed++) {
    await page.keyboard.press('Tab')
    const focused = await page.evaluate<{ name: string; is_shown: boolean }>(FOCUSED)
    if (focused.name === '' || focused.name !== name) continue
    expect(focused).toEqual({ name, is_shown: true })
    return
  }
  throw new Error(`Tab never came to "${name}".`)
}
