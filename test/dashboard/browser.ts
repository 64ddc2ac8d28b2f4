import { existsSync } from 'node:fs'
import axe, { type AxeResults } from 'axe-core'
import { chromium, type Browser, type Page } from 'playwright-core'
import { mustRun } from '../support/must-run.ts'

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
)

/** Whether a browser is here. */
export const hasBrowser = mustRun(
  CHROMIUM !== undefined,
  'the dashboard in a browser',
  'Chromium is not installed: sudo apt-get install -y --no-install-recommends chromium',
)

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  // Nothing but this machine: a page that asked another server for anything would show it.
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost',
]

/** Starts Debian's Chromium. */
export async function startBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: CHROMIUM ?? '', headless: true, args: ARGS })
}

/** A page, and what it complained about: errors of scripts, and of the policy of what it may load. */
export interface Watched {
  page: Page
  complaints: string[]
}

/** Opens an empty page in a context of its own. */
export async function openPage(
  browser: Browser,
  { width = 1280, dark = false }: { width?: number; dark?: boolean } = {},
): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width, height: 800 },
    colorScheme: dark ? 'dark' : 'light',
    permissions: ['clipboard-write'],
    // Certificates of the tests are their own; no other machine can be reached.
    ignoreHTTPSErrors: true,
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    // The browser itself says so of every answer that is a refusal.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text())
  })
  return { page, complaints }
}

/** Signs in, and waits for the overview. */
export async function signIn(page: Page, url: string, token: string): Promise<void> {
  await page.goto(`${url}/`)
  await page.getByLabel('Token').fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
}

/** Goes to a place of the dashboard, and waits for its heading. */
export async function goTo(page: Page, path: string, heading: string | RegExp): Promise<void> {
  await page.evaluate(`window.location.hash = ${JSON.stringify(path)}`)
  await page.getByRole('heading', { level: 1, name: heading }).waitFor()
}

/** Waits until nothing is loading any more. */
export async function settled(page: Page): Promise<void> {
  const loading = page.getByText(/^Loading|^The page is loading/).first()
  await loading.waitFor({ state: 'detached' })
}

/** Returns what axe finds that keeps people out: the rule, and the first element. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<AxeResults>("axe.run(document, { resultTypes: ['violations'] })")
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)
}
