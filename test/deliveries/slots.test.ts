import { describe, expect, it, onTestFinished } from 'vitest'
import type { Answer } from '../support/http.ts'
import { aliasBody, sendDatabricks, sendWandb } from '../support/send.ts'
import { deliveryIn, SOON, startHouse, stoppedClock, type House } from '../regressions/receiver.ts'

const CONFIG = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
  databricks: { type: databricks, secrets: ['\${env:DATABRICKS_WEBHOOK_SECRET}'] }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
automations:
  - name: deploy
    sources: [wandb, databricks]
    events: ['*']
    if: 'true'
    destinations:
      - { type: repository_dispatch, repository: acme/serving, event_type: deploy-model }
`

/** A receiver in which no retry falls due: what has failed once waits. */
async function open(): Promise<House> {
  const house = await startHouse({ config: CONFIG, clock: stoppedClock() })
  onTestFinished(() => house.close())
  return house
}

/** Sends an event whose first attempt GitHub answers with 502. Returns its answer once it waits for the next one. */
async function failOnce(house: House, send: () => Promise<Answer>): Promise<Answer> {
  house.github.failNext({ kind: 'answer', name: 'bad-gateway' }, { operation: 'dispatch' })
  const answer = await send()
  await expect.poll(async () => (await shown(house, answer)).attempts, SOON).toMatchObject([{ status: 502 }])
  return answer
}

const shown = (house: House, answer: Answer) => house.delivery(deliveryIn(answer))

const supersedings = (house: House) => house.log.filter(({ message }) => message === 'superseded')

describe('a delivery that waits for its next attempt', () => {
  const enter = (house: House, version: string, to_stage: string) => () =>
    sendDatabricks(house.url, {
      event: 'MODEL_VERSION_TRANSITIONED_STAGE',
      model_name: 'resnet50',
      version,
      to_stage,
      from_stage: 'None',
      text: `version ${version} transitioned to ${to_stage}`,
    })

  it('is not superseded when another version enters another stage', async () => {
    const house = await open()
    const production = await failOnce(house, enter(house, '8', 'Production'))
    const staging = await enter(house, '9', 'Staging')()
    const archived = await enter(house, '7', 'Archived')()
    for (const answer of [production, staging, archived]) {
      expect(await shown(house, answer)).toMatchObject({ status: 'pending' })
    }
    expect(supersedings(house)).toEqual([])
  })

  it('is superseded when another version enters the same stage, and the log names both events', async () => {
    const house = await open()
    const older = await failOnce(house, enter(house, '8', 'Production'))
    const newer = await enter(house, '9', 'Production')()
    expect(await shown(house, older)).toMatchObject({ status: 'superseded' })
    expect(supersedings(house)).toMatchObject([
      {
        delivery_id: deliveryIn(older),
        event_id: older.body['event_id'],
        automation: 'deploy',
        target: 'acme/serving',
        superseded_by: newer.body['event_id'],
      },
    ])
  })

  it('is not superseded when another version gets the same tag', async () => {
    const house = await open()
    const tag = (n: number) => () =>
      sendWandb(house.url, {
        ...aliasBody({ alias: '', tag: 'reviewed', artifact_version_index: String(n) }),
        event_type: 'ADD_ARTIFACT_TAG',
        artifact_version_string: `my-team/model-registry/resnet50:v${n}`,
      })
    const v3 = await failOnce(house, tag(3))
    const v4 = await tag(4)()
    expect(await shown(house, v3)).toMatchObject({ status: 'pending' })
    await expect.poll(async () => (await shown(house, v4)).status, SOON).toBe('succeeded')
  })

  it('is not superseded by an event of another model that is known by its id alone', async () => {
    const house = await open()
    const body = (id: string) => ({
      event_type: 'ADD_ARTIFACT_ALIAS',
      alias: 'production',
      artifact_version: `wandb-artifact://_id/${Buffer.from(`Artifact:${id}`).toString('base64')}`,
    })
    const one = await failOnce(house, () => sendWandb(house.url, body('111')))
    const other = await sendWandb(house.url, body('222'))
    expect(await shown(house, one)).toMatchObject({ status: 'pending' })
    await expect.poll(async () => (await shown(house, other)).status, SOON).toBe('succeeded')
  })
})
