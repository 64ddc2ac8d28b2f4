import { STAGE_CHANGED } from '../../examples/demo/events.ts'
import { startTarget, type Target } from '../standins/target.ts'
import { request } from '../support/http.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendDatabricks, sendWandb } from '../support/send.ts'

/** Names that break pages: long ones, right to left, HTML, Markdown, a formula, and characters without a width. */
export const HOSTILE = {
  long: `resnet-${'x'.repeat(190)}`,
  rtl: 'مُصنِّف-الصور \u202Eexe.moc',
  html: `<img src=x onerror=alert(1)> [a](javascript:alert(1)) =1+1`,
  widthless: 'a\u200Bb\u200Dc\uFEFFd',
} as const

const config = (target: string) => `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}', '\${env:DATABRICKS_WEBHOOK_SECRET}'] }
  databricks: { type: databricks, secrets: ['\${env:DATABRICKS_WEBHOOK_SECRET}'] }
  hub: { type: standard-webhooks, insecure: true }
  mlflow: { type: mlflow, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
automations:
  - name: deploy-production
    description: Deploys whatever becomes production.
    sources: [wandb]
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production }
    destinations: [{ type: repository_dispatch, repository: acme/serving, event_type: deploy-model }]
  - name: evaluate-staging
    description: Evaluates each candidate in a repository that does not exist, so that there is something to mend.
    sources: [wandb]
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: staging }
    destinations: [{ type: repository_dispatch, repository: acme/evaluation, event_type: evaluate }]
  - name: promote-stage
    status: test_mode
    sources: [databricks]
    events: [stage.changed]
    destinations: [{ type: repository_dispatch, repository: acme/serving }]
  - name: tell-the-team
    sources: [wandb]
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: champion }
    destinations: [{ type: webhook, url: '${target}/hooks/model-releases', format: cloudevents }]
`

/** The receiver with all that a page can show: fine and failed, waiting and paused, refused, and hostile. */
export interface FullScene extends Scene {
  target: Target
}

/** Starts it, and waits until everything has come to its end. */
export async function startFullScene(): Promise<FullScene> {
  const target = await startTarget()
  const scene = await startScene({
    config: config(target.url),
    github: { repositories: ['acme/serving'] },
    env: { OUTBOUND_ALLOW_CIDRS: '127.0.0.0/8', OUTBOUND_ALLOW_HTTP: 'true' },
  })
  await fill(scene, target)
  const close = async () => {
    await scene.close()
    await target.close()
  }
  return { ...scene, target, close }
}

async function fill(scene: Scene, target: Target): Promise<void> {
  const { receiver } = scene
  const send = (parts: Record<string, unknown>) => sendWandb(receiver.url, aliasBody(parts))
  await receiver.api('/api/v1/automations', { method: 'POST', body: FROM_THE_PAGE })
  const secret = { value: 'a-token-for-slack-000001', hosts: ['hooks.example.com', '*.example.net'] }
  await receiver.api('/api/v1/secrets/SLACK_TOKEN', { method: 'PUT', body: secret })
  for (const [model, alias, author] of CHANGES)
    await send({ artifact_collection_name: model, alias, event_author: author })
  await send({ artifact_collection_name: HOSTILE.long, alias: 'candidate', event_author: HOSTILE.rtl })
  await send({ artifact_collection_name: HOSTILE.rtl, event_author: HOSTILE.html })
  await send({ artifact_collection_name: HOSTILE.widthless, alias: 'candidate', event_author: HOSTILE.html })
  await sendWandb(receiver.url, { message: 'hello' })
  await sendDatabricks(receiver.url, STAGE_CHANGED)
  for (const url of ['https://hub.example/resnet50', 'http://hub.example/resnet50']) await sendHub(scene, url)
  await sendWandb(receiver.url, aliasBody(), { secret: 'not-the-secret-of-this-source' })
  await sendWandb(receiver.url, aliasBody(), { secret: null })
  await receiver.waitFor(async () => (await waiting(scene)) === 0)
  // From here on somebody's server is busy: its lane pauses, and what is for it waits.
  target.answer((response) => response.writeHead(429, { 'retry-after': '3000' }).end('Too many requests.'))
  await send({ artifact_collection_name: 'bert', alias: 'champion', event_author: 'ali', n: 2 })
  await send({ artifact_collection_name: 'llama', alias: 'champion', event_author: 'mei', n: 3 })
  await receiver.waitFor(async () => {
    const items = (await receiver.api('/api/v1/lanes')).body['items'] as { pause: unknown }[]
    return items.some(({ pause }) => pause !== null)
  })
}

/** Sends what is said to be a model's page with the event. */
async function sendHub({ receiver }: Scene, url: string): Promise<void> {
  const data = { model: 'linked', version: '3', alias: 'candidate', author: url, url }
  const body = JSON.stringify({ type: 'alias.added', timestamp: new Date().toISOString(), data })
  const headers = { 'content-type': 'application/json', 'webhook-id': url }
  await request(`${receiver.url}/webhooks/hub`, { method: 'POST', headers, body })
}

async function waiting({ receiver }: Scene): Promise<number> {
  return Number((await receiver.api('/api/v1/overview')).body['waiting'])
}

const CHANGES = [
  ['resnet50', 'production', 'jane'],
  ['bert', 'production', 'ali'],
  ['resnet50', 'staging', 'jane'],
  ['llama', 'production', 'mei'],
  ['bert', 'champion', 'ali'],
  ['llama', 'candidate', 'mei'],
] as const

const FROM_THE_PAGE = {
  name: 'release-notes',
  description: 'Writes release notes for what is tagged as a release.',
  events: ['ADD_ARTIFACT_ALIAS'],
  sources: ['wandb'],
  filter: { alias: ['v*', 'release-*'] },
  destinations: [
    { type: 'workflow_dispatch', repository: 'acme/serving', workflow: 'notes.yml', ref: 'main' },
  ],
}
