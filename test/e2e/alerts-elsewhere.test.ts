import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { readProject } from '../contract/markdown.ts'
import { startTarget, type Target } from '../standins/target.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

const DEPLOY = {
  name: 'deploy',
  sources: ['wandb'],
  events: ['ADD_ARTIFACT_ALIAS'],
  filter: { alias: 'production' },
  destinations: [{ type: 'repository_dispatch', repository: 'acme/serving' }],
}

describe('the example of alerts', () => {
  let scene: Scene
  let there: Target
  beforeAll(async () => {
    there = await startTarget()
    const example = parse(readProject('examples/alerts.yaml')) as { automations: object[] }
    const sources = { wandb: { type: 'wandb', secrets: ['${env:WANDB_WEBHOOK_SECRET}'] } }
    scene = await startScene({
      config: stringify({ version: 1, sources, automations: [DEPLOY, ...example.automations] }),
      env: {
        PUBLIC_URL: 'https://dispatch.example.com',
        ALERTS_SLACK_URL: `${there.url}/slack`,
        ALERTS_TEAMS_URL: `${there.url}/teams`,
        ALERTS_WEBHOOK_URL: `${there.url}/on-call`,
        ALERTS_WEBHOOK_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
        OUTBOUND_ALLOW_CIDRS: '127.0.0.1',
        OUTBOUND_ALLOW_HTTP: 'true',
      },
    })
  })
  afterAll(async () => {
    await scene.close()
    await there.close()
  })

  it('tells Slack, Teams and a webhook that GitHub refuses the credentials, without GitHub', async () => {
    scene.github.failAlways({ kind: 'answer', name: 'bad-credentials' })
    await sendWandb(scene.receiver.url, aliasBody())
    const paths = () => new Set(there.arrived.map(({ path }) => path))
    await expect.poll(paths, { timeout: 20_000 }).toEqual(new Set(['/slack', '/teams', '/on-call']))
    for (const { body } of there.arrived) expect(body.toString()).toMatch(/refuses the credentials/)
    const onCall = there.arrived.find(({ path }) => path === '/on-call')
    expect(JSON.parse(onCall?.body.toString() ?? '')).toMatchObject({ type: 'lane.paused', own: true })
    const link = /https:\/\/dispatch\.example\.com\/api\/v1\/deliveries\/dlv_[0-9a-f]+/
    for (const { body } of there.arrived) expect(body.toString()).toMatch(link)
    expect(scene.github.dispatches).toEqual([])
  })
})
