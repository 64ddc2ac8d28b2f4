import { describe, expect, it, onTestFinished } from 'vitest'
import { startHouse, storedEvents, type House } from '../regressions/receiver.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

async function open(): Promise<House> {
  const house = await startHouse()
  onTestFinished(() => house.close())
  return house
}

const dry = (house: House, body: Parameters<typeof sendWandb>[1], options = {}) =>
  sendWandb(house.url, body, { source: 'wandb?dry_run=true', ...options })

describe('A webhook sent with ?dry_run=true', () => {
  it('is answered with what would be sent, and nothing is stored or sent', async () => {
    const house = await open()
    const { status, body } = await dry(house, aliasBody())
    expect(status).toBe(200)
    expect(body).toMatchObject({
      status: 'dry_run',
      event: 'ADD_ARTIFACT_ALIAS',
      matched: ['deploy-production'],
      message: 'Dry run, nothing is stored or sent. deploy-production -> repository_dispatch acme/serving.',
      model_event: { kind: 'alias.added', model: { name: 'resnet50' }, change: { alias: 'production' } },
      matches: [{ automation: 'deploy-production', matched: true }],
      requests: [
        {
          automation: 'deploy-production',
          destination: { type: 'repository_dispatch', target: 'acme/serving' },
          request: {
            method: 'POST',
            url: expect.stringMatching(/\/repos\/acme\/serving\/dispatches$/) as string,
            body: { client_payload: { alias: 'production' } },
          },
          error: null,
        },
      ],
    })
    expect(body).not.toHaveProperty('event_id')
    // The same webhook for real is no repeat of the dry one.
    expect((await sendWandb(house.url, aliasBody())).status).toBe(202)
    await expect.poll(() => house.github.dispatches.length).toBe(1)
    expect(await storedEvents(house)).toHaveLength(1)
  })

  it('says why nothing would be sent, and which lines the payload template lacks', async () => {
    const house = await open()
    expect((await dry(house, aliasBody({ alias: 'candidate' }))).body).toMatchObject({
      status: 'dry_run',
      matched: [],
      message: expect.stringMatching(
        /Nearest: deploy-production, because filter.alias: "candidate"/,
      ) as string,
      requests: [],
    })
    expect((await dry(house, {})).body).toMatchObject({
      event: 'UNKNOWN',
      hint: expect.stringMatching(/wandb_event_type/) as string,
    })
    expect(await storedEvents(house)).toEqual([])
  })

  it('is verified and parsed like any other', async () => {
    const house = await open()
    expect((await dry(house, aliasBody(), { secret: 'wrong' })).status).toBe(401)
    expect((await dry(house, 'no JSON')).status).toBe(400)
  })

  it.each(['1', 'yes', 'True', ''])(
    'is refused where the value is %j, so that nothing is deployed',
    async (value) => {
      const house = await open()
      const { status, body } = await sendWandb(house.url, aliasBody(), { source: `wandb?dry_run=${value}` })
      expect(status).toBe(400)
      expect(body['message']).toMatch(/dry_run must be true or false/)
      expect(await storedEvents(house)).toEqual([])
    },
  )

  it('is a webhook like any other with ?dry_run=false', async () => {
    const house = await open()
    expect((await sendWandb(house.url, aliasBody(), { source: 'wandb?dry_run=false' })).status).toBe(202)
  })
})
