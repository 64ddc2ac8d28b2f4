import { get } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startHouse, type House } from '../regressions/receiver.ts'
import { request } from '../support/http.ts'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

const TWELVE_HOURS = 12 * 3_600_000
/** Pages of 200, each of which waits for its reader; Node.js warns of the eleventh listener that stays. */
const EVENTS = 13 * 200

describe('a stream that was opened in a session of the dashboard', () => {
  let house: House
  let now = Date.now()
  beforeAll(async () => {
    house = await startHouse({ clock: { wall: () => now, steady: () => now } })
  })
  afterAll(() => house.close())

  it('ends with the session: twelve hours later it hears of nothing more', async () => {
    const signed_in = await request(`${house.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: ADMIN_TOKEN }),
    })
    const cookie = signed_in.headers['set-cookie']?.[0]?.split(';', 1)[0] ?? ''
    const [session, token] = [
      await listen(house, { cookie }),
      await listen(house, { authorization: `Bearer ${ADMIN_TOKEN}` }),
    ]
    now += TWELVE_HOURS - 1
    await sendWandb(house.url, aliasBody({ n: 1 }))
    await expect.poll(() => session.text()).toContain('"status":"succeeded"')
    const heard = session.text().length
    now += 1
    await sendWandb(house.url, aliasBody({ n: 2 }))
    await expect.poll(() => session.isOver()).toBe(true)
    expect(session.text()).toHaveLength(heard)
    expect(token.isOver()).toBe(false)
    token.close()
  })
})

describe('an export', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene()
  })
  afterAll(() => scene.close())

  it(
    'leaves no listener behind for a page that its reader is slow to take',
    { timeout: 120_000 },
    async () => {
      const send = (n: number) => sendWandb(scene.receiver.url, aliasBody({ alias: 'of-nobody', n }))
      for (let sent = 0; sent < EVENTS; sent += 50)
        await Promise.all(Array.from({ length: 50 }, (_one, n) => send(sent + n)))
      const { text } = await scene.receiver.api('/api/v1/export/events')
      expect(text.trimEnd().split('\n')).toHaveLength(EVENTS)
      expect(scene.receiver.output).not.toContain('MaxListenersExceededWarning')
    },
  )
})

/** Opens a stream, and gives what has come so far. */
async function listen({ url }: House, headers: Record<string, string>) {
  let text = ''
  let is_over = false
  const stream = get(`${url}/api/v1/stream`, { headers, agent: false }, (response) => {
    response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    response.on('end', () => (is_over = true))
  })
  stream.on('error', () => undefined)
  await expect.poll(() => text).toContain(': open')
  return { text: () => text, isOver: () => is_over, close: () => stream.destroy() }
}
