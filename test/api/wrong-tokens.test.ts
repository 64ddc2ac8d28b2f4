import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { request } from '../support/http.ts'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { DEPLOY_CONFIG, startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

const FORWARDED = 'X-Forwarded-For comes from an address that TRUST_PROXY does not name'
const AFTER_MANY = 'a right token came from an address that has sent many wrong ones'

/** Asks the API with a token, from a client behind the proxy at 127.0.0.1. */
const ask = ({ receiver }: Scene, token: string, client: string) =>
  request(`${receiver.url}/api/v1/events`, {
    headers: { authorization: `Bearer ${token}`, 'x-forwarded-for': client },
  })
const signIn = ({ receiver }: Scene, token: string, client: string) =>
  request(`${receiver.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': client },
    body: JSON.stringify({ token }),
  })

/** Sends wrong tokens until a minute's worth is used up, and one more. */
async function guess(scene: Scene, client: string): Promise<number[]> {
  const statuses: number[] = []
  for (let n = 0; n < 31; n++) statuses.push((await ask(scene, `wrong-token-number-${n}`, client)).status)
  return statuses
}

describe('wrong tokens from behind a proxy that TRUST_PROXY names', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene({ env: { TRUST_PROXY: '127.0.0.1' } })
  })
  afterAll(() => scene.close())

  it('are answered with 429 after 30 in a minute, for their own address alone, in the API and to sign in', async () => {
    expect(await guess(scene, '203.0.113.7')).toEqual([...Array<number>(30).fill(401), 429])
    for (const again of [await ask(scene, 'wrong', '203.0.113.7'), await signIn(scene, 'x', '203.0.113.7')]) {
      expect([again.status, again.body['code']]).toEqual([429, 'too_many_failures'])
      expect(Number(again.headers['retry-after'])).toBeGreaterThan(0)
    }
    expect((await ask(scene, 'wrong', '203.0.113.8')).status).toBe(401)
  })

  it('are logged once a minute, and hinder no webhook of their address', async () => {
    const from = { 'x-forwarded-for': '203.0.113.7' }
    expect((await sendWandb(scene.receiver.url, aliasBody(), { headers: from })).status).toBe(202)
    const lines = scene.receiver.logged('API request refused: 401')
    expect(lines.filter((line) => line['from'] === '203.0.113.7')).toHaveLength(1)
  })

  it('leave a line in the log where a right one follows them', async () => {
    expect((await ask(scene, ADMIN_TOKEN, '203.0.113.7')).status).toBe(200)
    expect(scene.receiver.logged(AFTER_MANY)).toMatchObject([{ from: '203.0.113.7', by: 'admin' }])
    expect(scene.receiver.output).not.toContain(ADMIN_TOKEN)
  })

  it('need no warning about X-Forwarded-For', () => {
    expect(scene.receiver.logged(FORWARDED)).toEqual([])
  })
})

describe('wrong tokens from behind a proxy that TRUST_PROXY does not name', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene({ config: DEPLOY_CONFIG })
  })
  afterAll(() => scene.close())

  it('keep no right token of another client out, in the API and to sign in', async () => {
    expect(await guess(scene, '203.0.113.7')).toEqual([...Array<number>(30).fill(401), 429])
    expect((await ask(scene, ADMIN_TOKEN, '203.0.113.8')).status).toBe(200)
    const signed_in = await signIn(scene, ADMIN_TOKEN, '203.0.113.8')
    expect(signed_in.status).toBe(200)
    const cookie = signed_in.headers['set-cookie']?.[0]?.split(';', 1)[0] ?? ''
    expect((await request(`${scene.receiver.url}/api/v1/events`, { headers: { cookie } })).status).toBe(200)
    expect((await ask(scene, 'wrong', '203.0.113.8')).status).toBe(429)
  })

  it('turn away no request that carries no token at all as if it were one of them', async () => {
    expect((await request(`${scene.receiver.url}/api/v1/events`)).status).toBe(401)
  })

  it('count for the address of the connection: X-Forwarded-For is made up by anybody, and the log says so once', () => {
    for (const { from } of scene.receiver.logged('API request refused: 401')) expect(from).toBe('127.0.0.1')
    expect(scene.receiver.logged(FORWARDED)).toMatchObject([
      { level: 'warn', from: '127.0.0.1', fix: expect.stringContaining('TRUST_PROXY') as string },
    ])
  })
})
