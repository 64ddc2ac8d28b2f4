import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codeBlocks, readProject } from '../contract/markdown.ts'
import { freePort } from '../support/free-port.ts'
import { mustRun } from '../support/must-run.ts'
import { NGINX, startNginx, type RunningProxy } from '../support/proxies.ts'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'
import { goTo, hasBrowser, openPage, signIn, startBrowser } from './browser.ts'

/** As long as a person would wait on a busy machine, in ms. */
const TIMES = { timeout: 120_000 }
const hasNginx = mustRun(NGINX !== null, 'the dashboard behind nginx', 'nginx is not installed')

interface Served {
  scene: Scene
  /** Where the browser goes. */
  url: string
  /** Where registries are told to send. */
  public_url: string
  proxy?: RunningProxy
}

async function onOwnPort(): Promise<Served> {
  const public_url = 'https://tools.example.com/dispatch'
  const scene = await startScene({ env: { ADMIN_PORT: '0', PUBLIC_URL: public_url } })
  return { scene, public_url, url: scene.receiver.admin_url }
}

async function underBasePath(): Promise<Served> {
  const port = await freePort()
  const public_url = `http://127.0.0.1:${port}/dispatch`
  const scene = await startScene({ env: { PORT: String(port), PUBLIC_URL: public_url } })
  return { scene, public_url, url: public_url }
}

/** The snippet of docs/deploy.md for a path, with the page on ADMIN_PORT. */
async function behindNginx(): Promise<Served> {
  const port = await freePort()
  const public_url = `https://127.0.0.1:${port}/dispatch`
  const env = { ADMIN_PORT: '0', PUBLIC_URL: public_url, TRUST_PROXY: '127.0.0.1' }
  const scene = await startScene({ env })
  const blocks = codeBlocks(readProject('docs/deploy.md'))
  const snippet = blocks.find(({ text }) => text.includes('server_name tools.example.com'))?.text ?? ''
  const apart = snippet.replace(
    /(location \/dispatch\/ \{[^}]*proxy_pass )http:\/\/127\.0\.0\.1:8080/,
    `$1${scene.receiver.admin_url}`,
  )
  const proxy = await startNginx(apart, { port, receiver: scene.receiver.url })
  return { scene, public_url, url: public_url, proxy }
}

describe.skipIf(!hasBrowser)('the dashboard', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(() => browser.close())

  it.each([
    ['on a port of its own', onOwnPort, true],
    ['under a base path', underBasePath, true],
    ['on a port of its own, under a path, behind nginx with https', behindNginx, hasNginx],
  ])('works %s', TIMES, async (_name, serve, can_run) => {
    if (!can_run) return
    const { scene, url, public_url, proxy } = await serve()
    try {
      const { page, complaints } = await openPage(browser)
      await signIn(page, url, ADMIN_TOKEN)
      await goTo(page, '/events', 'Events')
      await page.getByText('No event has come yet').waitFor()
      await sendWandb(scene.receiver.url, aliasBody())
      await page.getByRole('link', { name: /resnet50/ }).waitFor()
      await page.reload()
      await page.getByRole('link', { name: /resnet50/ }).click()
      await page.getByText('Why each automation matched or not').waitFor()
      await goTo(page, '/sources', 'Sources')
      const shown = page.getByLabel('The URL of wandb')
      await expect.poll(() => shown.textContent()).toBe(`${public_url}/webhooks/wandb`)
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.getByText('You have signed out.').waitFor()
      await page.reload()
      await page.getByLabel('Token').waitFor()
      expect(complaints).toEqual([])
    } finally {
      proxy?.close()
      await scene.close()
    }
  })
})
