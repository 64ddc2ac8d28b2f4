/** Takes the pictures of docs/dashboard.md anew, from events like those of the demo: `npm run pictures`. */
import { join } from 'node:path'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { DEPLOY_CONFIG, startScene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'
import { goTo, openPage, signIn, startBrowser } from './browser.ts'

const IMAGES = join(import.meta.dirname, '..', '..', 'docs', 'images')
const CONFIG = DEPLOY_CONFIG.replace(
  'repository: acme/serving',
  "repository: 'acme/${artifact_collection_name}'",
)
const CHANGES = [
  ['resnet50', 'production', 'jane'],
  ['bert', 'production', 'ali'],
  ['resnet50', 'staging', 'jane'],
  ['llama', 'production', 'mei'],
] as const

const scene = await startScene({ config: CONFIG, github: { repositories: ['acme/resnet50', 'acme/bert'] } })
const browser = await startBrowser()
try {
  for (const [model, alias, author] of CHANGES)
    await sendWandb(
      scene.receiver.url,
      aliasBody({ artifact_collection_name: model, alias, event_author: author }),
    )
  await scene.receiver.waitFor(() => scene.github.dispatches.length === 2)
  const { page } = await openPage(browser)
  await signIn(page, scene.receiver.url, ADMIN_TOKEN)
  for (const [name, path, heading] of [
    ['overview', '/', 'Overview'],
    ['models', '/models', 'Models'],
  ] as const) {
    await goTo(page, path, heading)
    await page.getByText('production').or(page.getByText('events in 24 hours')).first().waitFor()
    await page.screenshot({ path: join(IMAGES, `dashboard-${name}.png`) })
  }
} finally {
  await browser.close()
  await scene.close()
}
