import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AnswerName } from '../standins/github/real-answers.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

const CONFIG = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
automations:
  - name: deploy
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production }
    destinations: [{ type: repository_dispatch, repository: 'acme/\${artifact_collection_name}' }]
`

interface DeliveryError {
  class: string
  message: string
  fix: string
}

let count = 0

/** Sends an event of this model; gives its delivery's id. */
async function deliver({ receiver }: Scene, model: string): Promise<string> {
  const { body } = await sendWandb(
    receiver.url,
    aliasBody({ artifact_collection_name: model, count: ++count }),
  )
  return String((body['deliveries'] as string[])[0])
}

async function deliveryOf({ receiver }: Scene, id: string) {
  return (await receiver.api(`/api/v1/deliveries/${id}`)).body as {
    status: string
    attempts: Record<string, unknown>[]
    error: DeliveryError | null
    next_attempt_at: string | null
  }
}

/** Waits until so many attempts were made at a delivery. */
async function afterAttempts(scene: Scene, id: string, attempts = 1) {
  const made = async () => (await deliveryOf(scene, id)).attempts.length
  await expect.poll(made, { timeout: 5_000 }).toBeGreaterThanOrEqual(attempts)
  return await deliveryOf(scene, id)
}

describe('an answer of GitHub that trying again cannot change', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene({ config: CONFIG, github: { repositories: ['acme/serving'] } })
  })
  afterAll(() => scene.close())

  async function refusedWith(name: AnswerName) {
    scene.github.failNext({ kind: 'answer', name }, { operation: 'dispatch' })
    return await afterAttempts(scene, await deliver(scene, 'serving'))
  }

  it('ends the delivery at once; a missing permission is named as GitHub names it', async () => {
    const { status, error, attempts } = await refusedWith('missing-permission-token')
    expect(status).toBe('failed')
    expect(error).toMatchObject({ class: 'permanent' })
    expect(error?.message).toMatch(/acme\/serving \(HTTP 403\).*personal access token/)
    expect(error?.fix).toMatch(/permission contents=write.*redeliver/)
    expect(attempts).toHaveLength(1)
    expect(attempts[0]).toMatchObject({ status: 403, class: 'permanent' })
    expect(attempts[0]?.['response']).toContain('Resource not accessible')
  })

  it('ends the delivery to a repository that does not exist, and says that access may be what is missing', async () => {
    const { status, error } = await afterAttempts(scene, await deliver(scene, 'nowhere'))
    expect(status).toBe('failed')
    expect(error?.message).toMatch(/acme\/nowhere does not exist, or the token has no access/)
    expect(error?.fix).toMatch(/if the spelling is wrong, correct/)
  })

  it('ends the delivery of a request that GitHub finds invalid, with GitHub’s words', async () => {
    const { status, error } = await refusedWith('validation-failed')
    expect(status).toBe('failed')
    expect(error?.message).toMatch(/invalid \(HTTP 422\).*event_type is too long/)
    expect(error?.fix).toMatch(/Correct `event_type` or `client_payload`/)
  })

  it('is logged once, as a warning that says what to do', async () => {
    const attempts = () => scene.receiver.logged('attempt').filter(({ status }) => status === 403)
    await expect.poll(attempts).toHaveLength(1)
    expect(attempts()[0]).toMatchObject({ level: 'warn', class: 'permanent', target: 'acme/serving' })
    expect(attempts()[0]?.['fix']).toMatch(/contents=write/)
  })
})

describe('an answer of GitHub that says "later"', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene({ config: CONFIG })
  })
  afterAll(() => scene.close())

  it('is tried again under the same delivery id: 502, then accepted', async () => {
    scene.github.failNext({ kind: 'answer', name: 'bad-gateway' }, { operation: 'dispatch' })
    const id = await deliver(scene, 'retried')
    const waiting = await afterAttempts(scene, id)
    expect(waiting).toMatchObject({ status: 'pending', error: { class: 'ambiguous' } })
    const wait = Date.parse(waiting.next_attempt_at ?? '') - Date.now()
    expect(wait).toBeGreaterThan(2_000)
    expect(wait).toBeLessThan(6_001)
    await expect.poll(async () => (await deliveryOf(scene, id)).status, { timeout: 8_000 }).toBe('succeeded')
    const sent = scene.github.requests.filter(({ operation }) => operation === 'dispatch')
    expect(sent).toHaveLength(2)
    expect(sent.every(({ body }) => body.includes(id))).toBe(true)
  })

  it('pauses the whole lane for a rate limit: no attempt is spent, nothing more is sent', async () => {
    scene.github.failNext({ kind: 'answer', name: 'secondary-limit-retry-after' }, { operation: 'dispatch' })
    const limited = await afterAttempts(scene, await deliver(scene, 'limited'))
    expect(limited).toMatchObject({ status: 'pending', error: { class: 'limited' } })
    const count = scene.github.requests.length
    const behind = await deliver(scene, 'behind')
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(scene.github.requests).toHaveLength(count)
    expect(await deliveryOf(scene, behind)).toMatchObject({ status: 'pending', attempts: [] })
  })
})

describe('a token that GitHub refuses', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene({ config: CONFIG, github: { users: { 'another token': 'octocat' } } })
  })
  afterAll(() => scene.close())

  it('pauses the lane and keeps every delivery, with a fix that names the connection', async () => {
    const first = await deliver(scene, 'first')
    const { status, error, attempts } = await afterAttempts(scene, first)
    expect(status).toBe('pending')
    expect(error).toMatchObject({ class: 'credentials' })
    expect(error?.message).toMatch(/credentials of connection main \(HTTP 401\)/)
    expect(error?.fix).toMatch(/new token.*connection main/)
    expect(attempts[0]).toMatchObject({ status: 401, class: 'credentials' })
    const second = await deliver(scene, 'second')
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await deliveryOf(scene, second)).toMatchObject({ status: 'pending', attempts: [] })
    const dispatches = scene.github.requests.filter(({ operation }) => operation === 'dispatch')
    expect(dispatches).toHaveLength(1)
  })

  it('goes on taking events meanwhile, and stays ready', async () => {
    expect((await sendWandb(scene.receiver.url, aliasBody({ n: 3 }))).status).toBe(202)
    expect((await scene.receiver.api('/readyz')).status).toBe(200)
  })
})
