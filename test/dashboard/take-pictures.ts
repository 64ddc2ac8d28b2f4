/**
 * Takes the pictures of README.md and docs/dashboard.md anew: `npm run pictures`. They show the demo with a day's worth
 * of further changes like its own; `node test/dashboard/gallery.ts FOLDER` takes every page, to be looked at.
 */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { PRODUCTION } from '../../examples/demo/events.ts'
import { failOnce } from '../../examples/demo/keep.ts'
import { onStage, type Stage } from '../../examples/demo/stage.ts'
import { tell } from '../../examples/demo/story.ts'
import { sendWebhook, wandbWebhook } from '../../examples/demo/webhooks.ts'
import { request } from '../support/http.ts'
import { goTo, openPage, signIn, startBrowser } from './browser.ts'

const IMAGES = join(import.meta.dirname, '..', '..', 'docs', 'images')
const HOUR_MS = 3_600_000
/** How many changes of other models came in each of the 23 hours before this one, the oldest first. */
const DAY = [1, 0, 1, 2, 1, 2, 2, 3, 2, 4, 3, 2, 1, 1, 0, 0, 1, 2, 3, 4, 2, 3, 2]
const MODELS = ['bert-large', 'whisper-small', 'fraud-scoring', 'llama-8b']
const AUTHORS = ['jane', 'ali', 'mei']
const PICTURES = [
  ['overview', '/', 'Overview', 'events in 24 hours'],
  ['model', '/models/resnet50?source=wandb', 'resnet50', 'v3'],
  ['delivery', '/deliveries', 'Deliveries', 'deploy-production'],
] as const

const signal = AbortSignal.timeout(240_000)
const silent = { title: () => {}, step: () => {}, row: () => {}, line: () => {} }
await onStage(signal, async (stage) => {
  await tell(stage, silent, signal)
  await sendDay(stage)
  await failOnce(stage, signal)
  await until(stage, ({ dead_letters }) => dead_letters === 1)
  for (const dark of [false, true]) await takeAll(stage, dark)
})

/** Sends a day's changes, and moves each to its hour, as the store would have it. */
async function sendDay(stage: Stage): Promise<void> {
  const hours = DAY.flatMap((changes, at) => Array.from({ length: changes }, () => DAY.length - at))
  const access = { access_token: stage.secrets.wandb_token, secret: stage.secrets.wandb }
  const database = new DatabaseSync(join(stage.data_dir, 'model-dispatch.sqlite'))
  database.exec('pragma foreign_keys = off; pragma busy_timeout = 5000')
  const [{ before = 0 } = {}] = database.prepare('select max(seq) as before from events').all()
  for (const n of hours.keys()) await sendWebhook(stage.receiver_url, wandbWebhook(change(n), access), signal)
  await until(stage, ({ waiting }) => waiting === 0)
  const sent = database.prepare('select id from events where seq > ? order by seq').all(before)
  for (const [n, { id }] of sent.entries()) moveBack(database, String(id), (hours[n] ?? 0) * HOUR_MS)
  database.close()
}

function change(n: number): typeof PRODUCTION {
  const model = MODELS[n % MODELS.length] ?? ''
  const alias = n % 2 === 0 ? 'candidate' : 'production'
  return {
    ...PRODUCTION,
    alias,
    event_author: AUTHORS[n % AUTHORS.length] ?? '',
    artifact_collection_name: model,
    artifact_version_index: String(n),
    artifact_version_string: `my-team/wandb-registry-model/${model}:${alias}`,
  }
}

/** Lets an event, whose id begins with its time, and its deliveries be so much older. */
function moveBack(database: DatabaseSync, id: string, by_ms: number): void {
  const at = parseInt(id.slice(4, 16), 16) - by_ms
  const moved = `evt_${at.toString(16).padStart(12, '0')}${id.slice(16)}`
  database.prepare('update events set id = ?, received_at = ? where id = ?').run(moved, at, id)
  const ages = 'created_at = created_at - ?2, ended_at = ended_at - ?2'
  database.prepare(`update deliveries set event_id = ?1, ${ages} where event_id = ?3`).run(moved, by_ms, id)
}

/** Waits until the overview says so. */
async function until({ receiver_url, admin_token }: Stage, is: (figures: Figures) => boolean): Promise<void> {
  const headers = { authorization: `Bearer ${admin_token}` }
  for (;;) {
    const { body } = await request(`${receiver_url}/api/v1/overview`, { headers })
    if (is(body as unknown as Figures)) return
    await sleep(100, undefined, { signal })
  }
}

interface Figures {
  waiting: number
  dead_letters: number
}

async function takeAll({ receiver_url, admin_token }: Stage, dark: boolean): Promise<void> {
  const browser = await startBrowser()
  try {
    const { page } = await openPage(browser, { dark })
    await signIn(page, receiver_url, admin_token)
    for (const [name, path, heading, text] of PICTURES) {
      await goTo(page, path, heading)
      if (name === 'delivery') await page.getByRole('link', { name: 'acme/serving' }).first().click()
      await page.getByText(text).first().waitFor()
      const file = `dashboard-${name}${dark ? '-dark' : ''}.png`
      if (!dark || name === 'overview') await page.screenshot({ path: join(IMAGES, file) })
    }
  } finally {
    await browser.close()
  }
}
