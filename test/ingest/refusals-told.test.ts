import { connect } from 'node:net'
import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startHouse, type House } from '../regressions/receiver.ts'
import { request } from '../support/http.ts'
import { aliasBody, sendWandb, WANDB_SECRET } from '../support/send.ts'

async function open(): Promise<House> {
  const house = await startHouse()
  onTestFinished(() => house.close())
  return house
}

const refusedLines = ({ log }: House) => log.filter((line) => line['message'] === 'request refused')
const alerts = async (house: House) =>
  (await house.api('/api/v1/events?source=model-dispatch')).body['items'] as { event: { title: string } }[]
const titles = async (house: House) => (await alerts(house)).map(({ event }) => event.title)

describe('A request that is refused for another reason than its signature', () => {
  it.each([
    { what: 'a body that is not JSON', body: '{"alias": x}', status: 400, reason: /^The body is not JSON: / },
    {
      what: 'a body over the limit',
      body: `{"pad":"${'x'.repeat(2 ** 20)}"}`,
      status: 413,
      reason: /larger than 1048576 bytes/,
    },
    {
      what: 'a compressed body',
      body: '{}',
      headers: { 'content-encoding': 'gzip' },
      status: 415,
      reason: /Content-Encoding/,
    },
  ])('leaves one log line and raises the alert: $what', async ({ body, headers = {}, status, reason }) => {
    const house = await open()
    for (let n = 0; n < 8; n++) expect((await sendWandb(house.url, body, { headers })).status).toBe(status)
    expect(refusedLines(house)).toMatchObject([
      { level: 'warn', source: 'wandb', status, reason: expect.stringMatching(reason) as string },
    ])
    await expect.poll(() => titles(house)).toEqual([expect.stringMatching(/^source wandb refuses requests/)])
  })

  it('is told where it was a GET', async () => {
    const house = await open()
    expect((await request(`${house.url}/webhooks/wandb`)).status).toBe(405)
    expect(refusedLines(house)).toMatchObject([
      { source: 'wandb', status: 405, reason: 'GET instead of POST' },
    ])
  })

  it('is told where its source is misspelt, in one line whatever strangers call it', async () => {
    const house = await open()
    const names = ['wandbb', '%0a%1b[2J', 'x'.repeat(5_000), 'nobody', 'somebody']
    for (const source of names) expect((await sendWandb(house.url, aliasBody(), { source })).status).toBe(404)
    expect(refusedLines(house)).toMatchObject([
      { status: 404, reason: 'no source has the name "wandbb"', unlogged: 0 },
    ])
    await expect.poll(() => titles(house)).toEqual([expect.stringMatching(/^the receiver refuses requests/)])
  })
})

describe('A body over the limit is 413 at once, though its sender goes on or stops', () => {
  const start = 'POST /webhooks/wandb HTTP/1.1\r\nHost: receiver\r\n'

  it.each([
    ['by its Content-Length alone', `${start}Content-Length: 1048577\r\n\r\n{"half":`],
    [
      'in chunks that do not end',
      `${start}Transfer-Encoding: chunked\r\n\r\n100001\r\n${'x'.repeat(0x100001)}\r\n`,
    ],
  ])('%s', async (_, bytes) => {
    const house = await open()
    const socket = connect(Number(new URL(house.url).port), '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    socket.write(bytes)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1.1 413 /)
  })
})

describe('A request whose sender made a slip', () => {
  it('is told apart in the log alone: the answer is that of every wrong signature', async () => {
    const house = await open()
    const slipped = await sendWandb(house.url, aliasBody(), { secret: `${WANDB_SECRET}\n` })
    const wrong = await sendWandb(house.url, aliasBody(), { secret: 'another' })
    expect(slipped.status).toBe(401)
    expect([slipped.status, slipped.text]).toEqual([wrong.status, wrong.text])
    const reasons = house.log.map(({ reason }) => String(reason))
    expect(reasons).toContainEqual(
      expect.stringContaining('the sender has the secret with a line break at its end'),
    )
  })
})
