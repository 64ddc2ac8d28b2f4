import { describe, expect, it, onTestFinished } from 'vitest'
import { deliveryIn, SOON, startHouse, type House } from '../regressions/receiver.ts'
import { sendWandb } from '../support/send.ts'

const CONFIG = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
automations:
  - name: everything
    events: ['*']
    destinations:
      - { type: repository_dispatch, repository: acme/serving }
      - { type: workflow_dispatch, repository: acme/serving, workflow: deploy.yml, ref: main }
`

async function open(): Promise<House> {
  const house = await startHouse({ config: CONFIG })
  onTestFinished(() => house.close())
  return house
}

const keysOf = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`key${i}`, i % 2 === 0 ? i : { deep: [i] }]))

/** Sends the body and returns its answer, and what GitHub got of it: of both kinds of dispatch. */
async function sent(house: House, client_payload: Record<string, unknown>) {
  const answer = await sendWandb(house.url, { event_type: 'deploy', client_payload })
  const { body } = answer
  const delivery = async () => house.delivery(deliveryIn(answer))
  await expect.poll(async () => (await delivery()).status, SOON).toMatch(/succeeded|failed/)
  return { hint: String(body['hint']), delivery: await delivery(), dispatch: house.github.dispatches[0] }
}

describe('A body that is made for GitHub', () => {
  it('keeps its nine keys unchanged and first, and model_event takes the tenth', async () => {
    const house = await open()
    const { dispatch } = await sent(house, keysOf(9))
    expect(dispatch?.event_type).toBe('deploy')
    expect(Object.keys(dispatch?.client_payload ?? {})).toEqual([...Object.keys(keysOf(9)), 'model_event'])
    expect(dispatch?.client_payload).toMatchObject(keysOf(9))
    const run = () => house.github.requests.find(({ path }) => path.includes('/workflows/'))
    await expect.poll(run, SOON).toBeDefined()
    const { inputs } = JSON.parse(run()?.body ?? '{}') as { inputs: { payload: string } }
    expect(Object.keys(JSON.parse(inputs.payload) as object)).toEqual([
      ...Object.keys(keysOf(9)),
      'model_event',
    ])
  })

  it('keeps its ten keys alone, and the answer and the delivery say that model_event did not fit', async () => {
    const { hint, delivery, dispatch } = await sent(await open(), keysOf(10))
    expect(dispatch?.client_payload).toEqual(keysOf(10))
    expect(hint).toContain('model_event does not fit')
    expect(JSON.stringify(delivery)).toContain('model_event is not in the client_payload')
  })

  it('keeps a long payload alone where model_event has no room beside it, and the delivery says so', async () => {
    const own = { text: 'x'.repeat(59_900) }
    const { delivery, dispatch } = await sent(await open(), own)
    expect(dispatch?.client_payload).toEqual(own)
    expect(JSON.stringify(delivery)).toContain('model_event is not in the client_payload')
  })

  it('keeps a key model_event of its own, and the answer says so', async () => {
    const { hint, dispatch } = await sent(await open(), { model_event: 'mine' })
    expect(dispatch?.client_payload).toEqual({ model_event: 'mine' })
    expect(hint).toContain('a key model_event of its own')
  })

  it('fails with eleven keys, which GitHub would refuse: nothing of a payload is left out in silence', async () => {
    const { hint, delivery, dispatch } = await sent(await open(), keysOf(11))
    expect(hint).toContain('client_payload has 11 keys at its top, and GitHub takes 10')
    expect(delivery).toMatchObject({ status: 'failed', error: { class: 'permanent' } })
    expect(dispatch).toBeUndefined()
  })

  it('does not supersede one with another event_type: two workflows listen', async () => {
    const house = await open()
    const subjects = []
    for (const event_type of ['deploy', 'tell']) {
      const body = {
        event_type,
        client_payload: { artifact_version_string: 'e/p/m:v1', alias: 'production' },
      }
      const answer = await sendWandb(house.url, body, { source: 'wandb?event=ADD_ARTIFACT_ALIAS' })
      const arrived = () => house.github.dispatches.find((one) => one.event_type === event_type)
      await expect.poll(arrived, SOON).toBeDefined()
      expect(answer.status).toBe(202)
      subjects.push((arrived()?.client_payload['model_event'] as { subject_key: string }).subject_key)
    }
    expect(new Set(subjects).size).toBe(2)
  })
})
