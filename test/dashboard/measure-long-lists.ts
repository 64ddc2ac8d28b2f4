/**
 * How long the page keeps the browser busy with long lists: `node test/dashboard/measure-long-lists.ts [deliveries]`
 * scrolls, pages and filters in Chromium, while events arrive as well. Prints Markdown: per step how many tasks took
 * longer than 50 ms (the browser's own measure of a long task), the longest one, the longest one by the processor's time
 * (what other programs on this machine take is not in it), and the rows that the page holds.
 */
import type { Page } from 'playwright-core'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { aliasBody, sendWandb } from '../support/send.ts'
import { goTo, openPage, settled, signIn, startBrowser } from './browser.ts'
import { startLongScene } from './long-scene.ts'

const deliveries = Number(process.argv[2] ?? 100_000)
const WATCH = `window.longTasks = []
new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => Math.round(duration))))
  .observe({ type: 'longtask', buffered: true })`

const scene = await startLongScene(deliveries)
const browser = await startBrowser()
try {
  const { page } = await openPage(browser)
  await page.addInitScript(WATCH)
  console.log(`${deliveries} deliveries, ${2 * deliveries} events\n`)
  console.log(
    '| step | tasks over 50 ms | longest, ms | of the processor, ms | rows |\n| --- | --- | --- | --- | --- |',
  )
  await step(page, 'sign in, overview', () => signIn(page, scene.receiver.url, ADMIN_TOKEN))
  for (const [path, heading] of [
    ['/deliveries', 'Deliveries'],
    ['/events', 'Events'],
  ] as const) {
    await step(page, `${heading}: open`, () => goTo(page, path, heading))
    await step(page, `${heading}: 30 pages, each scrolled to its end`, () => leaf(page, 30))
    await step(page, `${heading}: filter by status`, () => choose(page))
    await step(page, `${heading}: type a filter that fits`, () => type(page, 'Model', 'model-7'))
    await step(page, `${heading}: type a filter that fits nothing`, () =>
      type(page, 'Alias or stage', 'nothing'),
    )
    await page.evaluate("window.location.hash = '/'")
  }
  await step(page, 'Events: type a search through all titles', async () => {
    await goTo(page, '/events', 'Events')
    await type(page, 'Search', 'title of 199')
  })
  await page.evaluate("window.location.hash = '/'")
  await step(page, 'Events: 200 arrive while the list is open', () => arrive(page))
  await step(page, 'Models: open', () => goTo(page, '/models', 'Models'))
} finally {
  await browser.close()
  await scene.close()
}

async function step(page: Page, name: string, act: () => Promise<void>): Promise<void> {
  await page.evaluate('if (window.longTasks) longTasks.length = 0')
  await browser.startTracing(page, { categories: ['disabled-by-default-devtools.timeline', 'toplevel'] })
  await act()
  await quiet(page)
  const busiest = busiestTask(await browser.stopTracing())
  const tasks = await page.evaluate<number[]>('longTasks')
  const rows = await page.locator('tbody tr').count()
  console.log(`| ${name} | ${tasks.length} | ${Math.max(0, ...tasks)} | ${busiest} | ${rows} |`)
}

/** Returns the processor's time, in ms, of the page's busiest task in a trace. */
function busiestTask(trace: Buffer): number {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] }
  const pages = traceEvents.filter(
    ({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain',
  )
  const threads = new Set(pages.map(({ pid, tid }) => `${pid} ${tid}`))
  const tasks = traceEvents.filter(({ pid, tid }) => threads.has(`${pid} ${tid}`))
  return Math.round(tasks.reduce((most, { tdur = 0 }) => Math.max(most, tdur), 0) / 1_000)
}

interface TraceEvent {
  name: string
  pid: number
  tid: number
  /** Microseconds of the processor. */
  tdur?: number
  args?: { name?: string }
}

async function quiet(page: Page): Promise<void> {
  await page.waitForTimeout(600)
  await settled(page)
}

async function leaf(page: Page, pages: number): Promise<void> {
  for (let n = 0; n < pages; n++) {
    await page.locator('tbody tr').first().waitFor()
    for (let at = 0; at < 6; at++) await page.mouse.wheel(0, 600)
    await page.getByRole('button', { name: 'Older' }).click()
    await page.getByText(`Page ${n + 2}`).waitFor()
  }
}

async function choose(page: Page): Promise<void> {
  await page.getByLabel('Status').selectOption({ index: 1 })
  await quiet(page)
  await page.getByLabel('Status').selectOption({ index: 0 })
}

async function type(page: Page, label: string, text: string): Promise<void> {
  await page.getByLabel(label, { exact: true }).pressSequentially(text, { delay: 60 })
}

async function arrive(page: Page): Promise<void> {
  await goTo(page, '/events', 'Events')
  for (let n = 0; n < 200; n++)
    await sendWandb(scene.receiver.url, aliasBody({ artifact_version: `wandb-artifact://_id/${n}` }))
}
