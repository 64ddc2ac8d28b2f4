import { expect, it, onTestFinished } from 'vitest'
import { deliveryIn, startHouse, type House } from '../regressions/receiver.ts'
import { request } from '../support/http.ts'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

async function open(): Promise<House> {
  const house = await startHouse()
  onTestFinished(() => house.close())
  return house
}

const call = (house: House, method: string, path: string, token = ADMIN_TOKEN) =>
  request(`${house.url}${path}`, { method, headers: { authorization: `Bearer ${token}` } })
const linesOf = ({ log }: House, message: string) => log.filter((line) => line['message'] === message)

it('A wrong admin token leaves one log line a minute, with the address and without the token', async () => {
  const house = await open()
  const wrong = 'a-token-that-somebody-guessed'
  for (let n = 0; n < 20; n++) expect((await call(house, 'GET', '/api/v1/events', wrong)).status).toBe(401)
  expect((await request(`${house.url}/api/v1/events`)).status).toBe(401)
  expect(linesOf(house, 'API request refused: 401')).toMatchObject([
    { level: 'warn', from: '127.0.0.1', reason: 'a Bearer token that is not ADMIN_TOKEN', unlogged: 0 },
  ])
  expect(JSON.stringify(house.log)).not.toContain(wrong)
})

it('A redelivery, a cancellation and a replay leave one log line each, with who, what and the outcome', async () => {
  const house = await open()
  const accepted = await sendWandb(house.url, aliasBody())
  const [delivery, event] = [deliveryIn(accepted), String(accepted.body['event_id'])]
  await expect.poll(async () => (await house.delivery(delivery)).status).toBe('succeeded')
  await call(house, 'POST', `/api/v1/deliveries/${delivery}/cancel`)
  await call(house, 'POST', `/api/v1/deliveries/${delivery}/redeliver?force=true`)
  await call(house, 'POST', `/api/v1/events/${event}/replay`)
  await call(house, 'POST', '/api/v1/deliveries/redeliver?status=failed&all=true')
  await call(house, 'POST', `/api/v1/deliveries/${'x'.repeat(500)}/cancel`)
  const by = { level: 'info', by: 'admin', from: '127.0.0.1' }
  expect(linesOf(house, 'asked for by the API')).toMatchObject([
    { ...by, action: 'cancel', id: delivery, outcome: 'kept' },
    { ...by, action: 'redeliver', id: delivery, force: true, outcome: 'queued' },
    { ...by, action: 'replay', id: event, force: false, outcome: 'replayed' },
    { ...by, action: 'redeliver many', filters: { status: 'failed' }, redelivered: 0 },
    { ...by, action: 'cancel', id: 'x'.repeat(64), outcome: 'not_found' },
  ])
})

it('A path is answered in its exact case only', async () => {
  const house = await open()
  expect((await call(house, 'GET', '/API/V1/events')).status).toBe(404)
  expect((await call(house, 'GET', '/api/v1/EVENTS')).status).toBe(404)
  expect((await request(`${house.url}/HEALTHZ`)).status).toBe(404)
  expect((await sendWandb(house.url, aliasBody(), { source: '../WEBHOOKS/wandb' })).status).toBe(404)
  expect(await house.store.backlog({ most: 1 })).toBe(0)
})
