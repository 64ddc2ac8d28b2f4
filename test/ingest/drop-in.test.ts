import { execFile } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { promisify } from 'node:util'
import { Octokit } from '@octokit/rest'
import { RequestError } from '@octokit/request-error'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REAL_ANSWERS } from '../standins/github/real-answers.ts'
import { SOON, startHouse, storedEvents, type House } from '../regressions/receiver.ts'
import { jsonFixture } from '../sources/fixtures.ts'
import { request, type Answer } from '../support/http.ts'
import { WANDB_SECRET } from '../support/send.ts'

const TOKEN = 'drop-in-token-of-the-tests-1'
const SECOND = 'drop-in-token-of-the-tests-2'
const CONFIG = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'], allow: { entity: [nobody] } }
github:
  main: { repositories: ['acme/*', 'ml/models'], writes_per_second: 0 }
dispatches:
  - { access_token: ${TOKEN}, source: wandb, repositories: ['acme/*'] }
  - { access_token: ${SECOND}, source: wandb, repositories: [ml/models] }
automations:
  - name: everything
    events: ['*']
    destinations: [{ type: repository_dispatch, repository: acme/everything }]
`

let house: House
beforeAll(async () => {
  house = await startHouse({ config: CONFIG })
})
afterAll(() => house.close())

/** A different body each time: the same one again within ten seconds is a duplicate. */
let count = 0
const bodyOf = (event_type = 'deploy-model') => ({ event_type, client_payload: { n: ++count, unit: false } })

interface Sent {
  token?: string | null
  headers?: Record<string, string>
  path?: string
  method?: string
}

function send(body: unknown, sent: Sent = {}): Promise<Answer> {
  const { token = TOKEN, headers = {}, path = '/repos/acme/serving/dispatches', method = 'POST' } = sent
  return request(`${house.url}${path}`, {
    method,
    headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

/** The dispatch that arrived with this `n`. */
async function arrived(n: number) {
  const found = () => house.github.dispatches.find(({ client_payload }) => client_payload['n'] === n)
  await expect.poll(found, SOON).toBeDefined()
  return found()
}

const octokit = (url = house.url, auth = TOKEN) =>
  new Octokit({ baseUrl: url, auth, log: { debug() {}, info() {}, warn() {}, error() {} } })

describe("GitHub's own dispatch route", () => {
  it('takes a W&B webhook that was made for GitHub, and sends its keys on unchanged and first', async () => {
    const body = jsonFixture('payloads', 'wandb', 'SYNTH-rendered-github-dispatch.json')
    const documented = body['client_payload'] as Record<string, unknown>
    const { status, text } = await send(body)
    expect([status, text]).toEqual([204, ''])
    const found = () => house.github.dispatches.find(({ event_type }) => event_type === 'BUILD_AND_DEPLOY')
    await expect.poll(found, SOON).toBeDefined()
    const { repository, client_payload } = found() ?? { client_payload: {} }
    expect(repository).toBe('acme/serving')
    expect(Object.keys(client_payload)).toEqual([...Object.keys(documented), 'model_event'])
    expect(client_payload).toMatchObject({
      ...documented,
      model_event: {
        source: { name: 'wandb', type: 'wandb' },
        model: { name: 'resnet50' },
        automation: 'dispatches',
      },
    })
  })

  it.each(['', '/api/v3'])('takes a dispatch by Octokit at %s/repos', async (base) => {
    const body = bodyOf()
    const { status } = await octokit(`${house.url}${base}`).rest.repos.createDispatchEvent({
      ...{ owner: 'acme', repo: 'serving', ...body },
    })
    expect(status).toBe(204)
    expect(await arrived(body.client_payload.n)).toMatchObject({
      ...{ repository: 'acme/serving', event_type: 'deploy-model', client_payload: body.client_payload },
    })
  })

  it('takes a dispatch by `curl -u`', async () => {
    const body = bodyOf()
    const url = `${house.url}/repos/acme/serving/dispatches`
    const args = ['-sS', '-w', '%{http_code}', '-u', `octocat:${TOKEN}`, '-d', JSON.stringify(body), url]
    expect((await promisify(execFile)('curl', args)).stdout).toBe('204')
    await arrived(body.client_payload.n)
  })

  it('asks no automation, and shows the event with its one delivery', async () => {
    const body = bodyOf()
    await send(body)
    await arrived(body.client_payload.n)
    const id = (await storedEvents(house)).at(-1) ?? ''
    const { body: event } = await house.api(`/api/v1/events/${id}`)
    expect(event).toMatchObject({
      source: 'wandb',
      status: 'matched',
      matches: [{ automation: 'dispatches', matched: true }],
      deliveries: [{ destination: { type: 'repository_dispatch', target: 'acme/serving' } }],
    })
    expect(house.github.dispatches.filter(({ repository }) => repository === 'acme/everything')).toEqual([])
  })

  it('sends a replay of the event to the same repository again, and asks no automation then either', async () => {
    const body = bodyOf('replayed')
    await send(body)
    await arrived(body.client_payload.n)
    const id = (await storedEvents(house)).at(-1) ?? ''
    const replay = await request(`${house.url}/api/v1/events/${id}/replay`, {
      method: 'POST',
      headers: { authorization: 'Bearer admin-token-of-the-tests-0001' },
    })
    expect(replay.status, replay.text).toBe(202)
    const again = () => house.github.dispatches.filter(({ event_type }) => event_type === 'replayed')
    await expect.poll(again, SOON).toHaveLength(2)
    expect(again().map(({ repository }) => repository)).toEqual(['acme/serving', 'acme/serving'])
  })

  it('takes a repeat within ten seconds for the same one, and the same body for another repository for a new one', async () => {
    const body = bodyOf('twice')
    expect([(await send(body)).status, (await send(body)).status]).toEqual([204, 204])
    expect((await send(body, { path: '/repos/acme/other/dispatches' })).status).toBe(204)
    const sent = () => house.github.dispatches.filter(({ event_type }) => event_type === 'twice')
    await expect.poll(sent, SOON).toHaveLength(2)
    expect(
      sent()
        .map(({ repository }) => repository)
        .sort(),
    ).toEqual(['acme/other', 'acme/serving'])
  })

  it('takes an event_type and a payload with words of templates as they are', async () => {
    const n = ++count
    await send({ event_type: '${alias} ${env:HOME}', client_payload: { n, text: '${event.model.name}' } })
    expect(await arrived(n)).toMatchObject({
      event_type: '${alias} ${env:HOME}',
      client_payload: { text: '${event.model.name}' },
    })
  })

  it('takes a dispatch without a client_payload', async () => {
    expect((await send({ event_type: 'bare' })).status).toBe(204)
    const found = () => house.github.dispatches.find(({ event_type }) => event_type === 'bare')
    await expect.poll(found, SOON).toBeDefined()
    expect(Object.keys(found()?.client_payload ?? {})).toEqual(['model_event'])
  })
})

describe('A signature beside the token', () => {
  const signed = (body: object, secret: string) => ({
    'x-wandb-signature': createHmac('sha256', secret).update(JSON.stringify(body)).digest('base64'),
  })

  it('must hold where one comes', async () => {
    const body = bodyOf()
    const wrong = await send(body, { headers: signed(body, 'another secret') })
    expect(wrong.status).toBe(401)
    expect(wrong.body).toMatchObject({ message: 'Bad credentials' })
    expect((await send(body, { headers: signed(body, WANDB_SECRET) })).status).toBe(204)
  })

  it('does not stand in for the token', async () => {
    const body = bodyOf()
    const { status } = await send(body, { token: null, headers: signed(body, WANDB_SECRET) })
    expect(status).toBe(401)
  })
})

describe("GitHub's dispatch route refuses as GitHub does", () => {
  const real = (name: keyof typeof REAL_ANSWERS) => {
    const { status, body } = REAL_ANSWERS[name]({ now: 0, url: '' })
    return { status, body: JSON.parse(body) as Record<string, unknown> }
  }
  const seen = ({ status, body }: Answer) => ({ status, body })

  it('a token that opens nothing', async () => {
    expect(seen(await send(bodyOf(), { token: 'ghp_000000000000000000000000000000000000' }))).toEqual(
      real('bad-credentials'),
    )
    expect(await send(bodyOf(), { token: null })).toMatchObject({
      status: 401,
      body: { message: 'Requires authentication' },
    })
    expect(JSON.stringify(house.log)).toContain("the sender still has a token of GitHub's")
  })

  it('a repository that the token may not see, whatever the connection has', async () => {
    expect(seen(await send(bodyOf(), { path: '/repos/ml/models/dispatches' }))).toEqual(real('not-found'))
    expect((await send(bodyOf(), { path: '/repos/acme/serving/dispatches', token: SECOND })).status).toBe(404)
    expect((await send(bodyOf(), { path: '/repos/acme/..%2fother/dispatches' })).status).toBe(404)
    expect((await send(bodyOf(), { path: '/repos/ACME/Serving/dispatches' })).status).toBe(204)
  })

  it('a body that is not JSON, and another method', async () => {
    expect(seen(await send('{"event_type":'))).toEqual(real('bad-request'))
    expect((await send(bodyOf(), { method: 'PUT' })).status).toBe(404)
  })

  it('a client_payload of eleven keys, or one that is too large', async () => {
    const keys = Object.fromEntries(Array.from({ length: 14 }, (_, i) => [`key${i}`, i]))
    expect(seen(await send({ event_type: 'x', client_payload: keys }))).toEqual(real('too-many-keys'))
    const large = { event_type: 'x', client_payload: { text: 'x'.repeat(66_000) } }
    expect(seen(await send(large))).toEqual(real('too-large'))
  })

  it('an event_type that is too long', async () => {
    expect(seen(await send({ event_type: 'x'.repeat(101) }))).toEqual(real('validation-failed'))
  })

  it.each([
    [{ client_payload: {} }, '"event_type" wasn\'t supplied.'],
    [{ event_type: 7 }, "For 'properties/event_type', 7 is not a string."],
    [{ event_type: 'x', client_payload: null }, "For 'properties/client_payload', nil is not an object."],
    [{ event_type: 'x', client_payload: [] }, "For 'properties/client_payload', [] is not an object."],
    [{ event_type: 'x', alias: 'y' }, '"alias" is not a permitted key.'],
    [[], "For 'links/1/schema', [] is not an object."],
  ])('%j, by saying what is wrong', async (body, reason) => {
    const { status, body: answer } = await send(body)
    expect([status, answer['message']]).toEqual([422, `Invalid request.\n\n${reason}`])
    const { status: theirs } = await request(`${house.github.url}/repos/acme/serving/dispatches`, {
      method: 'POST',
      headers: { authorization: 'Bearer ghp_tokenOfTheTests0001', 'user-agent': 'test' },
      body: JSON.stringify(body),
    })
    // GitHub's description does not say that it refuses other keys.
    expect(theirs, 'the stand-in, by @octokit/openapi').toBe('alias' in body ? 204 : 422)
  })

  it('in errors that Octokit shows with their message', async () => {
    const refused = octokit().rest.repos.createDispatchEvent({
      ...{ owner: 'ml', repo: 'models', event_type: 'x' },
    })
    await expect(refused).rejects.toThrow(RequestError)
    await expect(refused).rejects.toMatchObject({ status: 404 })
  })

  it('a body over the limit of its source, or a compressed one', async () => {
    const { status, body } = await send('x'.repeat(1_048_577))
    expect([status, typeof body['message']]).toEqual([413, 'string'])
    expect((await send('x', { headers: { 'content-encoding': 'gzip' } })).status).toBe(415)
  })
})
