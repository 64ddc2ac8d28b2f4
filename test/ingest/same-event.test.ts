import { describe, expect, it, onTestFinished } from 'vitest'
import { startHouse, storedEvents, type House } from '../regressions/receiver.ts'
import { jsonFixture } from '../sources/fixtures.ts'
import { aliasBody, sendDatabricks, sendWandb } from '../support/send.ts'

const configOf = (event: string) => `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'], allow: { entity: [my-team] } }
  databricks: { type: databricks, secrets: ['\${env:DATABRICKS_WEBHOOK_SECRET}'] }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
automations:
  - name: deploy
    sources: [wandb, databricks]
    events: [${event}]
    filter: { model: '*' }
    destinations: [{ type: repository_dispatch, repository: acme/serving }]
`

async function open(event: string): Promise<House> {
  const house = await startHouse({ config: configOf(event) })
  onTestFinished(() => house.close())
  return house
}

const GENERIC = 'MODEL_VERSION_TRANSITIONED_STAGE'
const SPECIFIC = 'MODEL_VERSION_TRANSITIONED_TO_PRODUCTION'

describe('A stage change that Databricks sends under its generic and its specific name', () => {
  const change = jsonFixture('payloads', 'databricks', `${SPECIFIC}.json`)
  const generic = { ...change, event: GENERIC, webhook_id: 'another' }

  it.each([
    { named: GENERIC, order: [generic, change], first: 'the generic name' },
    { named: GENERIC, order: [change, generic], first: 'the specific name' },
    { named: SPECIFIC, order: [generic, change], first: 'the generic name' },
    { named: SPECIFIC, order: [change, generic], first: 'the specific name' },
  ])(
    'is dispatched once by an automation on $named, also when $first comes first',
    async ({ named, order }) => {
      const house = await open(named)
      const answers = []
      for (const body of order) answers.push(await sendDatabricks(house.url, body))
      expect(answers.map(({ status }) => status)).toEqual([202, 200])
      expect(answers[0]?.body).toMatchObject({ matched: ['deploy'] })
      await expect.poll(() => house.github.dispatches.length).toBe(1)
    },
  )

  it('does not match an automation on another stage', async () => {
    const house = await open('MODEL_VERSION_TRANSITIONED_TO_ARCHIVED')
    expect((await sendDatabricks(house.url, generic)).body).toMatchObject({ matched: [] })
  })
})

it('The same body at two URLs that state different events is two events, and a repeat at each URL is a repeat', async () => {
  const house = await open("'*'")
  const { event_type: _event, ...body } = aliasBody()
  const send = async (event: string) => {
    const answer = await sendWandb(house.url, body, { source: `wandb?event=${event}` })
    return [answer.status, answer.body['event'] ?? answer.body['status']]
  }
  expect(await send('LINK_ARTIFACT')).toEqual([202, 'LINK_ARTIFACT'])
  expect(await send('ADD_ARTIFACT_ALIAS')).toEqual([202, 'ADD_ARTIFACT_ALIAS'])
  expect(await send('LINK_ARTIFACT')).toEqual([200, 'duplicate'])
  expect(await send('ADD_ARTIFACT_ALIAS')).toEqual([200, 'duplicate'])
  expect(await storedEvents(house)).toHaveLength(2)
})

it('A repeat is answered with the event that it repeats, how long ago that came, and its link', async () => {
  const time = { now: Date.now() }
  const clock = { wall: () => time.now, steady: () => time.now }
  const house = await startHouse({ clock, public_url: 'https://dispatch.example' })
  onTestFinished(() => house.close())
  const { body } = await sendWandb(house.url, aliasBody())
  const id = String(body['event_id'])
  time.now += 3_500
  expect((await sendWandb(house.url, aliasBody())).body).toEqual({
    status: 'duplicate',
    event_id: id,
    message: expect.stringMatching(
      new RegExp(`^The same as ${id}, which came \\d s ago; nothing happens twice\\.$`),
    ) as string,
    url: `https://dispatch.example/api/v1/events/${id}`,
  })
})

describe('An event whose words and path name different models', () => {
  const body = aliasBody({ artifact_version_string: 'mallory/evil-project/backdoor:v1' })

  it('is accepted and shown, matches nothing although filter and allow hold, and says what disagrees', async () => {
    const house = await open("'*'")
    const answer = await sendWandb(house.url, body)
    expect(answer.status).toBe(202)
    expect(answer.body).toMatchObject({ status: 'accepted', matched: [], deliveries: [] })
    expect(answer.body['message']).toMatch(/^The event contradicts itself: .*"resnet50".*backdoor/)
    const shown = await house.api(`/api/v1/events/${String(answer.body['event_id'])}`)
    expect(shown.body).toMatchObject({
      status: 'unmatched',
      matches: [{ matched: false, reasons: [expect.stringMatching(/contradicts itself/) as string] }],
    })
    const line = house.log.find(({ message }) => message === 'event accepted')
    expect(line).toMatchObject({ outcome: expect.stringMatching(/contradicts itself/) as string })
    expect(house.github.dispatches).toEqual([])
  })

  it('says it on one bounded line, whatever the words hold', async () => {
    const house = await open("'*'")
    const hostile = aliasBody({
      artifact_collection_name: `\u001b[2J\n::set-output::${'x'.repeat(9_000)}\u202e`,
    })
    const { body: answer } = await sendWandb(house.url, { ...hostile, artifact_version_string: 'a/b/c:v1' })
    expect(String(answer['message']).length).toBeLessThanOrEqual(1_000)
    expect(answer['message']).not.toMatch(/[\p{Cc}\u202e]/u)
  })
})

it('The log says of an event that matched nothing what its answer says', async () => {
  const house = await open('LINK_ARTIFACT')
  const { body } = await sendWandb(house.url, aliasBody())
  expect(body['message']).toMatch(/^No automation matched\. Nearest: deploy/)
  expect(house.log.find(({ message }) => message === 'event accepted')).toMatchObject({
    deliveries: [],
    outcome: body['message'],
  })
})
