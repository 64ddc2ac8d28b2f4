import { describe, expect, it, onTestFinished } from 'vitest'
import { createSilences, type Silence } from '../../receiver/deliveries/silences.ts'
import type { SourceConfig } from '../../receiver/config/config.ts'
import type { Store } from '../../receiver/store/store.ts'
import { startHouse, SOON } from '../regressions/receiver.ts'
import { sendWandb, aliasBody } from '../support/send.ts'
import { storedEvent } from '../support/events.ts'
import { movable } from './scene.ts'

const DAY_MS = 86_400_000
const CONFIG = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'], silent_after: 7d }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
automations:
  - name: tell
    sources: [model-dispatch]
    events: [source.silent]
    destinations: [{ type: repository_dispatch, repository: acme/alerts }]
`

async function open() {
  const clock = movable()
  const house = await startHouse({ config: CONFIG, clock })
  onTestFinished(() => house.close())
  /** What the receiver does every minute, as another replica on the same store does it. */
  const silences: Silence[] = []
  const replica = createSilences({
    store: house.store,
    config: () => ({
      sources: new Map([['wandb', { name: 'wandb', silent_after_ms: 7 * DAY_MS } as SourceConfig]]),
    }),
    clock,
    onSilent: (silence) => silences.push(silence),
  })
  const alerts = async () => {
    const { body } = await house.api('/api/v1/events?type=source.silent')
    return body['items'] as { event: { title: string; extra: Record<string, unknown> } }[]
  }
  return { house, clock, replica, silences, alerts }
}

describe('a source that sends nothing for `silent_after`', () => {
  it('raises `source.silent` once, over restarts, and once more when it falls silent again', async () => {
    const { house, clock, alerts } = await open()
    const first = await sendWandb(house.url, aliasBody())
    clock.ahead += 7 * DAY_MS
    for (const _ of [1, 2]) {
      await house.restart()
      await expect.poll(alerts, SOON).toHaveLength(1)
    }
    const [{ event } = { event: null }] = await alerts()
    expect(event).toMatchObject({
      title: expect.stringMatching(/^source wandb has sent nothing since \d{4}-/) as string,
      extra: { source: 'wandb', silent_after_s: 604_800, last_event_id: first.body['event_id'] },
    })
    await expect.poll(() => house.github.dispatches, SOON).toHaveLength(1)
    await sendWandb(house.url, aliasBody({ alias: 'staging' }))
    clock.ahead += 6 * DAY_MS
    await house.restart()
    expect(await alerts()).toHaveLength(1)
    clock.ahead += DAY_MS
    await house.restart()
    await expect.poll(alerts, SOON).toHaveLength(2)
  })

  it('is told apart from one that just was configured: the time counts from then', async () => {
    const { clock, replica, silences } = await open()
    await replica.check()
    clock.ahead += 7 * DAY_MS - 60_000
    await replica.check()
    expect(silences).toEqual([])
    clock.ahead += 60_000
    await replica.check()
    expect(silences).toMatchObject([{ source: 'wandb', last_event_id: null }])
  })

  it('is still known to be silent when retention has deleted its last event', async () => {
    const { house, clock, replica, silences } = await open()
    const { body } = await sendWandb(house.url, aliasBody({ alias: 'staging' }))
    await replica.check()
    clock.ahead += 40 * DAY_MS
    const retention = { succeeded_ms: DAY_MS, failed_ms: DAY_MS, now: clock.steady() }
    for (let is_done = false; !is_done;) ({ is_done } = await house.store.sweep(retention))
    expect(await house.store.getEvent({ id: String(body['event_id']) })).toBeNull()
    await replica.check()
    expect(silences).toMatchObject([{ last_event_id: body['event_id'], silent_after_ms: 7 * DAY_MS }])
  })
})

describe('a replay', () => {
  it('breaks no silence: the registry did not send it', async () => {
    const { house, clock, replica, silences } = await open()
    const { store } = house
    await keep(store, { id: 'evt_sent' }, clock.steady())
    clock.ahead += 7 * DAY_MS
    await keep(store, { id: 'evt_again', replay: { of: 'evt_sent', force: true } }, clock.steady())
    await replica.check()
    expect(silences).toMatchObject([{ last_event_id: 'evt_sent' }])
  })
})

const keep = (store: Store, parts: Parameters<typeof storedEvent>[0], now: number) =>
  store.accept({ now, events: [storedEvent(parts)] })
