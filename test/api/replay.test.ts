import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendDatabricks, sendWandb } from '../support/send.ts'

const CONFIG = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
  databricks: { type: databricks, secrets: ['\${env:DATABRICKS_WEBHOOK_SECRET}'] }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
automations:
  - name: deploy
    sources: [wandb]
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production }
    destinations:
      - { type: repository_dispatch, repository: 'acme/\${event.model.name}' }
`

let scene: Scene
beforeAll(async () => {
  scene = await startScene({ config: CONFIG })
})
afterAll(() => scene.close())

const send = async (parts: Record<string, unknown>) =>
  (await sendWandb(scene.receiver.url, aliasBody(parts))).body
const replay = (event: unknown) =>
  scene.receiver.api(`/api/v1/events/${String(event)}/replay`, { method: 'POST' })

describe('POST /api/v1/events/{id}/replay', () => {
  it('says that nothing will be sent, and which check of the nearest automation failed', async () => {
    const { event_id } = await send({ alias: 'staging' })
    const { status, body } = await replay(event_id)
    expect(status).toBe(202)
    expect(body).toMatchObject({
      status: 'accepted',
      deliveries: [],
      message:
        'Nothing will be sent: no automation matched. Nearest: deploy, because filter.alias: "staging" does not match "production".',
    })
  })

  it('says that nothing will be sent where no automation listens to the source', async () => {
    const sent = { event: 'COMMENT_CREATED', model_name: 'm' }
    const { event_id } = (await sendDatabricks(scene.receiver.url, sent)).body
    expect((await replay(event_id)).body['message']).toBe(
      'Nothing will be sent: no automation listens to this source.',
    )
  })

  it('says what goes where', async () => {
    const { event_id } = await send({ artifact_collection_name: 'serving' })
    expect((await replay(event_id)).body['message']).toBe('deploy -> repository_dispatch acme/serving.')
  })

  it('says what cannot be delivered, and why', async () => {
    const { event_id } = await send({ artifact_collection_name: '../etc', artifact_version_string: '' })
    const { status, body } = await replay(event_id)
    expect(status).toBe(202)
    expect(body['message']).toMatch(/^deploy cannot be delivered: .*repository/)
  })

  it('is 503 with Retry-After while too much waits, and says what to look at', async () => {
    const full = await startScene({ config: `${CONFIG}limits: { backlog: 1 }\n` })
    try {
      const { event_id } = (await sendWandb(full.receiver.url, aliasBody({ alias: 'staging' }))).body
      const again = () => full.receiver.api(`/api/v1/events/${String(event_id)}/replay`, { method: 'POST' })
      full.github.failAlways({ kind: 'answer', name: 'secondary-limit-retry-after' })
      await sendWandb(full.receiver.url, aliasBody())
      await expect.poll(async () => (await again()).status).toBe(503)
      const { headers, body } = await again()
      expect(headers['retry-after']).toBe('30')
      expect(body).toMatchObject({
        code: 'backlog_full',
        detail: expect.stringMatching(/status=pending.*limits\.backlog/) as string,
      })
    } finally {
      await full.close()
    }
  })
})
