/**
 * Takes a picture of every page, empty and full, in both themes and at two widths, to be looked at:
 * `node test/dashboard/gallery.ts FOLDER [empty|full]`.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { openPage, settled, signIn, startBrowser } from './browser.ts'
import { HOSTILE, startFullScene } from './full-scene.ts'

const [folder = 'gallery', only] = process.argv.slice(2)
const EMPTY = 'version: 1\n'
const PLACES = [
  ['overview', '/'],
  ['models', '/models'],
  ['events', '/events'],
  ['events-filtered', '/events?q=nothing-like-it'],
  ['deliveries', '/deliveries'],
  ['automations', '/automations'],
  ['automation-new', '/automations/new'],
  ['sources', '/sources'],
  ['lanes', '/lanes'],
  ['secrets', '/secrets'],
  ['audit', '/audit'],
  ['nowhere', '/nowhere'],
] as const

const browser = await startBrowser()
try {
  mkdirSync(folder, { recursive: true })
  if (only !== 'full') await scenes('empty', await startScene({ config: EMPTY }), () => PLACES)
  if (only !== 'empty') await scenes('full', await startFullScene(), fullPlaces)
} finally {
  await browser.close()
}

type Places = readonly (readonly [name: string, path: string])[]

async function scenes(
  name: string,
  scene: Scene,
  placesOf: (scene: Scene) => Places | Promise<Places>,
): Promise<void> {
  try {
    const places = await placesOf(scene)
    for (const width of [1280, 390])
      for (const dark of [false, true]) await walk({ browser, scene, name, width, dark, places })
  } finally {
    await scene.close()
  }
}

async function walk(on: {
  browser: Browser
  scene: Scene
  name: string
  width: number
  dark: boolean
  places: Places
}): Promise<void> {
  const { scene, name, width, dark, places } = on
  const { page, complaints } = await openPage(on.browser, { width, dark })
  const file = (place: string) => join(folder, `${name}-${place}-${width}-${dark ? 'dark' : 'light'}.png`)
  await page.goto(`${scene.receiver.url}/`)
  await page.getByLabel('Token').waitFor()
  await page.screenshot({ path: file('sign-in') })
  await signIn(page, scene.receiver.url, ADMIN_TOKEN)
  for (const [place, path] of places) {
    await page.evaluate(`window.location.hash = ${JSON.stringify(path)}`)
    await quiet(page)
    await page.screenshot({ path: file(place), fullPage: true })
  }
  if (complaints.length > 0) console.log(name, width, complaints)
  await page.context().close()
}

async function quiet(page: Page): Promise<void> {
  await page.waitForTimeout(150)
  await settled(page)
  await page.waitForTimeout(250)
}

async function fullPlaces({ receiver }: Scene): Promise<Places> {
  const items = async (path: string) =>
    (await receiver.api(`/api/v1${path}`)).body['items'] as { id: string; status: string; source: string }[]
  const deliveries = await items('/deliveries')
  const events = await items('/events?limit=50')
  const delivery = (status: string) => deliveries.find((one) => one.status === status)?.id ?? ''
  const hostile = events.find((one) => JSON.stringify(one).includes('onerror'))?.id ?? ''
  const long = events.find((one) => JSON.stringify(one).includes(HOSTILE.long))?.id ?? ''
  return [
    ...PLACES,
    ['model', '/models/resnet50'],
    ['model-long', `/models/${encodeURIComponent(HOSTILE.long)}`],
    ['event-hostile', `/events/${hostile}`],
    ['event-long', `/events/${long}`],
    ['event-fine', `/events/${events.find(({ status }) => status === 'matched')?.id ?? ''}`],
    ['delivery-failed', `/deliveries/${delivery('failed')}`],
    ['delivery-pending', `/deliveries/${delivery('pending')}`],
    ['delivery-succeeded', `/deliveries/${delivery('succeeded')}`],
    ['automation-file', '/automations/deploy-production'],
    ['automation-api', '/automations/release-notes'],
  ]
}
