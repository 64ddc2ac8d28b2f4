import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCounter, createHistogram } from '../../receiver/observe/metrics/count.ts'
import { expositionOf } from '../../receiver/observe/metrics/exposition.ts'
import { startHouse } from '../regressions/receiver.ts'
import { request } from '../support/http.ts'
import { hasPromtool, promtool } from '../support/promtool.ts'
import { ADMIN_TOKEN } from '../support/receiver-process.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

const READER = 'reader-token-of-the-tests-0001'
const LIMITED = 'limited-token-of-the-tests-001'
const DISPATCH_TOKEN = 'the-token-for-dispatches-0001'
const CONFIG = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
automations:
  - name: deploy-production
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production }
    destinations: [{ type: repository_dispatch, repository: acme/serving }]
  - name: to-nowhere
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: nowhere }
    destinations: [{ type: repository_dispatch, repository: acme/missing }]
dispatches:
  - { access_token: '\${env:DISPATCH_TOKEN}', source: wandb, repositories: ['acme/*'] }
admin:
  tokens:
    - { name: reader, secret: '\${env:READER}', role: read }
    - { name: limited, secret: '\${env:LIMITED}', role: read, automations: [deploy-production] }
`

const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

/** The numbers of an exposition, by their series. */
function numbersIn(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]))
}

describe('GET /metrics', () => {
  let scene: Scene
  let text = ''
  const read = async (token = READER) => (await request(`${scene.receiver.url}/metrics`, as(token))).text

  beforeAll(async () => {
    const env = { READER, LIMITED, DISPATCH_TOKEN }
    scene = await startScene({ config: CONFIG, env, github: { repositories: ['acme/serving'] } })
    const { url } = scene.receiver
    await sendWandb(url, aliasBody())
    await sendWandb(url, aliasBody())
    await sendWandb(url, aliasBody({ alias: 'nowhere' }))
    await sendWandb(url, aliasBody(), { secret: 'wrong' })
    await sendWandb(url, 'no JSON')
    for (const name of ['one', 'two', 'three'])
      await request(`${url}/webhooks/guess-${name}`, { method: 'POST', body: '{}' })
    await request(`${url}/webhooks/wandb`)
    const dispatch = { method: 'POST', body: JSON.stringify({ event_type: 'deploy', client_payload: {} }) }
    await request(`${url}/repos/acme/serving/dispatches`, { ...dispatch, ...as(DISPATCH_TOKEN) })
    await request(`${url}/repos/acme/serving/dispatches`, { ...dispatch, ...as('a-wrong-one') })
    await request(`${url}/api/v1/events`, as('a-token-that-nobody-has'))
    await scene.receiver.waitFor(async () => {
      const numbers = numbersIn(await read())
      const ended = [...numbers].filter(([series]) => series.startsWith('model_dispatch_deliveries_total'))
      return ended.reduce((sum, [, value]) => sum + value, 0) === 3
    })
    text = await read()
  })
  afterAll(() => scene.close())

  it('needs a token that reads, and is not limited to automations', async () => {
    const statusFor = async (token: string) => {
      const { status, body } = await request(`${scene.receiver.url}/metrics`, as(token))
      return [status, body['code']]
    }
    expect((await request(`${scene.receiver.url}/metrics`)).status).toBe(401)
    expect(await statusFor('a-wrong-token')).toEqual([401, 'unauthorized'])
    expect(await statusFor(LIMITED)).toEqual([403, 'limited_token'])
    for (const token of [READER, ADMIN_TOKEN]) expect(await statusFor(token)).toEqual([200, undefined])
  })

  it('is the text format of Prometheus', async () => {
    const { headers } = await request(`${scene.receiver.url}/metrics`, as(READER))
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(text.endsWith('\n')).toBe(true)
  })

  it.runIf(hasPromtool)('has nothing that promtool complains of', () => {
    expect(promtool(['check', 'metrics'], text)).toBe('')
  })

  it('counts every answer to a webhook, by source and status', () => {
    const numbers = numbersIn(text)
    const answered = [...numbers].filter(
      ([series, value]) => series.startsWith('model_dispatch_webhooks_total') && value > 0,
    )
    const series = (source: string, status: number) =>
      `model_dispatch_webhooks_total{source="${source}",status="${status}"}`
    expect(Object.fromEntries(answered)).toEqual({
      [series('wandb', 202)]: 2,
      [series('wandb', 200)]: 1,
      [series('wandb', 401)]: 1,
      [series('wandb', 400)]: 1,
      [series('wandb', 405)]: 1,
      [series('(unknown)', 404)]: 3,
      [series('/repos', 204)]: 1,
      [series('/repos', 401)]: 1,
    })
    expect(numbers.get('model_dispatch_webhook_duration_seconds_count')).toBe(4)
    expect(numbers.get('model_dispatch_webhook_duration_seconds_bucket{le="+Inf"}')).toBe(4)
  })

  it('shows what is configured at 0 before it happens, so that the first failure is an increase', () => {
    const numbers = numbersIn(text)
    expect(numbers.get('model_dispatch_webhooks_total{source="wandb",status="503"}')).toBe(0)
    expect(
      numbers.get('model_dispatch_deliveries_total{automation="deploy-production",status="failed"}'),
    ).toBe(0)
  })

  it('counts events, attempts and deliveries', () => {
    const numbers = numbersIn(text)
    expect(numbers.get('model_dispatch_events_total{source="wandb",kind="alias.added"}')).toBe(2)
    expect(
      numbers.get('model_dispatch_attempts_total{destination="repository_dispatch",class="success"}'),
    ).toBe(2)
    expect(
      numbers.get('model_dispatch_attempts_total{destination="repository_dispatch",class="permanent"}'),
    ).toBe(1)
    const deliveries = (automation: string, status: string) =>
      numbers.get(`model_dispatch_deliveries_total{automation="${automation}",status="${status}"}`)
    expect(deliveries('deploy-production', 'succeeded')).toBe(1)
    expect(deliveries('to-nowhere', 'failed')).toBe(1)
    expect(numbers.get('model_dispatch_delivery_delay_seconds_count')).toBe(2)
    expect(numbers.get('model_dispatch_wrong_tokens_total')).toBe(1)
    const last = numbers.get('model_dispatch_source_last_event_timestamp_seconds{source="wandb"}') ?? 0
    expect(Math.abs(last - Date.now() / 1_000)).toBeLessThan(300)
  })

  it('tells of the state of the receiver', () => {
    const numbers = numbersIn(text)
    expect(numbers.get('model_dispatch_ready')).toBe(1)
    expect(numbers.get('model_dispatch_config_refused')).toBe(0)
    expect(numbers.get('model_dispatch_oldest_waiting_seconds')).toBe(0)
    expect(numbers.get('model_dispatch_lanes_paused{reason="credentials"}')).toBe(0)
    expect(text).toMatch(/^model_dispatch_info\{version="[\d.]+",store="sqlite"\} 1$/m)
  })

  it('holds nothing that a stranger sent, and no secret', () => {
    for (const word of ['guess-', 'resnet50', 'jane', ADMIN_TOKEN, READER, DISPATCH_TOKEN])
      expect(text).not.toContain(word)
  })

  it('shows what waits and why, and a change that was refused', async () => {
    scene.github.failAlways({ kind: 'answer', name: 'bad-credentials' })
    await sendWandb(scene.receiver.url, aliasBody({ artifact_version: 'wandb-artifact://_id/later' }))
    scene.receiver.writeConfig(CONFIG.replace('events:', 'evnts:'))
    await scene.receiver.waitFor(async () => {
      const numbers = numbersIn(await read())
      return (
        numbers.get('model_dispatch_lanes_paused{reason="credentials"}') === 1 &&
        numbers.get('model_dispatch_config_refused') === 1
      )
    })
    const numbers = numbersIn(await read())
    expect(numbers.get('model_dispatch_ready')).toBe(1)
    expect(numbers.get('model_dispatch_deliveries_waiting')).toBeGreaterThan(0)
    expect(numbers.get('model_dispatch_oldest_waiting_seconds')).toBeGreaterThanOrEqual(0)
  })
})

describe('a receiver whose store cannot tell of lanes', () => {
  it('answers with what it knows by itself', async () => {
    const house = await startHouse({
      around: (store) => ({ ...store, listLanes: () => Promise.reject(new Error('away')) }),
    })
    const { status, text } = await request(`${house.url}/metrics`, as(ADMIN_TOKEN))
    await house.close()
    expect(status).toBe(200)
    expect(text).toContain('model_dispatch_ready 1')
    expect(text).not.toContain('model_dispatch_lanes_paused')
  })
})

describe('a metric', () => {
  it.runIf(hasPromtool)('is read by Prometheus whatever stands in its labels and its help', () => {
    const counter = createCounter({
      name: 'odd_total',
      help: 'A "quoted" \\ help\nof lines.',
      labels: ['name'],
    })
    for (const name of ['a "quoted" \\ name', 'größe 日本', '{}=,', '']) counter.add(name)
    expect(promtool(['check', 'metrics'], expositionOf([counter.metric()]))).toBe('')
  })

  it('has 10,000 series at most, and counts all further ones together', () => {
    const counter = createCounter({ name: 'many_total', help: 'Many.', labels: ['name', 'status'] })
    for (let n = 0; n < 10_500; n++) counter.add(`name-${n}`, 'ended')
    const { samples } = counter.metric()
    expect(samples).toHaveLength(10_001)
    expect(samples.at(-1)).toEqual({ labels: { name: '(other)', status: '(other)' }, value: 500 })
  })

  it('of durations counts each in its bucket and all above', () => {
    const histogram = createHistogram({ name: 'time_seconds', help: 'Time.', buckets: [0.1, 1] })
    for (const seconds of [0.05, 0.1, 0.5, 7]) histogram.observe(seconds)
    expect(expositionOf([histogram.metric()]).split('\n').slice(2, -1)).toEqual([
      'time_seconds_bucket{le="0.1"} 2',
      'time_seconds_bucket{le="1"} 3',
      'time_seconds_bucket{le="+Inf"} 4',
      'time_seconds_sum 7.65',
      'time_seconds_count 4',
    ])
  })
})
