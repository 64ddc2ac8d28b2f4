import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'
import { goTo, hasBrowser, openPage, signIn, startBrowser } from './browser.ts'

/** As long as a person would wait on a busy machine, in ms. */
const TIMES = { timeout: 120_000 }
const OTHER_TOKEN = 'token-of-ali-in-the-tests-0001'
const CONFIG = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
admin: { tokens: [{ name: ali, secret: ${OTHER_TOKEN}, role: write }] }
`
const DEPLOY = {
  name: 'deploy',
  description: 'Deploys.',
  events: ['ADD_ARTIFACT_ALIAS'],
  filter: { alias: 'production' },
  destinations: [{ type: 'repository_dispatch', repository: 'acme/serving' }],
}

describe.skipIf(!hasBrowser)('what is typed into the dashboard', () => {
  let browser: Browser
  let scene: Scene
  let page: Page
  beforeAll(async () => {
    browser = await startBrowser()
    scene = await startScene({ config: CONFIG, env: { PORT: String(await freePort()) } })
  })
  afterAll(async () => {
    await browser.close()
    await scene.close()
  })
  beforeEach(async () => {
    await put(DEPLOY)
    page = (await openPage(browser)).page
    await signIn(page, scene.receiver.url, ADMIN_TOKEN)
  })
  afterEach(() => page.context().close())

  /** Changes the automation as somebody else does, with a token of their own. */
  async function put(body: typeof DEPLOY): Promise<void> {
    const headers = { authorization: `Bearer ${OTHER_TOKEN}` }
    await scene.receiver.api('/api/v1/automations/deploy', { method: 'PUT', body, headers })
  }
  const stored = async () => (await scene.receiver.api('/api/v1/automations/deploy')).body
  const field = (name: string) => page.getByLabel(name, { exact: true })
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click()

  it('is kept when somebody else has saved first, and goes on top of what they changed', TIMES, async () => {
    await goTo(page, '/automations/deploy', 'deploy')
    await field('description').fill('Mine.')
    await put({ ...DEPLOY, description: 'Theirs.', filter: { alias: 'champion' } })
    await press('Save')

    const message = page
      .getByRole('alert')
      .filter({ hasText: 'ali changed this automation while you edited it.' })
    await message.getByRole('row', { name: /description.*Mine\..*Theirs\./ }).waitFor()
    expect(await field('description').inputValue()).toBe('Mine.')
    expect(await stored()).toMatchObject({ description: 'Theirs.' })

    await press('Keep mine')
    await message.waitFor({ state: 'detached' })
    await press('Save')
    await page.getByText('Saved: the next event sees it.').waitFor()
    expect(await stored()).toMatchObject({ description: 'Mine.', filter: { alias: 'champion' } })
  })

  it('gives way to what somebody else has saved where one says so', TIMES, async () => {
    await goTo(page, '/automations/deploy', 'deploy')
    await field('description').fill('Mine.')
    await put({ ...DEPLOY, description: 'Theirs.', events: ['LINK_ARTIFACT'], filter: { alias: '*' } })
    await press('Save')
    await press('Take theirs')
    await expect.poll(() => field('description').inputValue()).toBe('Theirs.')
    expect(await field('events').inputValue()).toBe('LINK_ARTIFACT')
  })

  it('can be saved again when somebody else has deleted the automation', TIMES, async () => {
    await goTo(page, '/automations/deploy', 'deploy')
    await field('description').fill('Mine.')
    await scene.receiver.api('/api/v1/automations/deploy', { method: 'DELETE' })
    await press('Save')
    await page.getByText(/deleted this automation while you edited it/).waitFor()
    await press('Keep mine')
    await press('Create')
    await page.getByRole('heading', { level: 1, name: 'deploy' }).waitFor()
    await expect.poll(stored).toMatchObject({ description: 'Mine.' })
  })

  it('is kept while the session ends, and saved after signing in again', TIMES, async () => {
    await goTo(page, '/automations/deploy', 'deploy')
    await field('description').fill('Typed before the session ended.')
    await page.context().clearCookies()
    await press('Save')
    await page.getByText(/Your session has ended/).waitFor()
    await page.getByLabel('Token').fill(ADMIN_TOKEN)
    await page.getByLabel('Token').press('Enter')
    await page.getByRole('heading', { level: 1, name: 'deploy' }).waitFor()
    expect(await field('description').inputValue()).toBe('Typed before the session ended.')
    await press('Save')
    await page.getByText('Saved: the next event sees it.').waitFor()
  })

  it('is not shown to another person who signs in after the session has ended', TIMES, async () => {
    await goTo(page, '/automations/deploy', 'deploy')
    await field('description').fill('Typed by somebody else.')
    await page.context().clearCookies()
    await press('Save')
    await page.getByText(/Your session has ended/).waitFor()
    await page.getByLabel('Token').fill(OTHER_TOKEN)
    await page.getByLabel('Token').press('Enter')
    await page.getByRole('heading', { level: 1, name: 'deploy' }).waitFor()
    expect(await field('description').inputValue()).toBe('Deploys.')
  })

  it('is kept while the receiver is away, and the page goes on by itself', TIMES, async () => {
    await goTo(page, '/automations/deploy', 'deploy')
    await field('description').fill('Typed while it was away.')
    await scene.receiver.stop()
    await press('Save')
    await page.getByText(/The receiver cannot be reached\. What you typed is kept/).waitFor()
    await scene.receiver.start()
    expect(await field('description').inputValue()).toBe('Typed while it was away.')
    await press('Save')
    await page.getByText('Saved: the next event sees it.').waitFor()

    await goTo(page, '/events', 'Events')
    await scene.receiver.stop()
    await page.getByLabel('Model').fill('resnet50')
    await page.getByText(/The receiver cannot be reached\. The page tries again by itself/).waitFor()
    await scene.receiver.start()
    await page.getByText(/cannot be reached/).waitFor({ state: 'detached' })
    await sendWandb(scene.receiver.url, aliasBody())
    await page.getByRole('link', { name: /resnet50/ }).waitFor()
  })

  it('is checked at once, without any event, each mistake at its field', TIMES, async () => {
    await goTo(page, '/automations/new', 'New automation')
    await field('name').fill('checked')
    const check = page.getByRole('status')
    await check.filter({ hasText: 'destinations[0].repository' }).waitFor()
    expect(await page.getByRole('alert').count()).toBe(0)
    await page.getByRole('textbox', { name: 'repository' }).fill('not a repository')
    await page.getByRole('alert').filter({ hasText: 'owner/name' }).waitFor()
    expect(await page.getByRole('textbox', { name: 'repository' }).getAttribute('aria-invalid')).toBe('true')
    await page.getByRole('textbox', { name: 'repository' }).fill('acme/serving')
    await check.filter({ hasText: 'Valid: it can be saved.' }).waitFor()
  })

  it('says in words of the page that a name is taken', TIMES, async () => {
    await goTo(page, '/automations/new', 'New automation')
    await field('name').fill('deploy')
    await page.getByRole('textbox', { name: 'repository' }).fill('acme/serving')
    await press('Create')
    await page
      .getByText('There is an automation of this name already. Choose another name.')
      .first()
      .waitFor()
  })

  it('as a filter gives way to a link to the same list with another filter', TIMES, async () => {
    await goTo(page, '/events', 'Events')
    await page.getByLabel('Model').fill('resnet50')
    await expect.poll(() => page.url()).toContain('model=resnet50')
    await goTo(page, '/events?model=bert', 'Events')
    await expect.poll(() => page.getByLabel('Model').inputValue()).toBe('bert')
    await page.getByRole('link', { name: 'Events' }).click()
    await expect.poll(() => page.getByLabel('Model').inputValue()).toBe('')
  })
})
