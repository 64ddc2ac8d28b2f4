import { describe, expect, it, onTestFinished } from 'vitest'
import { aliasBody, sendWandb } from '../support/send.ts'
import { SOON, startHouse, stoppedClock, type HouseOptions } from './receiver.ts'
import { sendMany } from './send-many.ts'
import { toyTypes } from './toys.ts'

async function openToys(config: string, options: HouseOptions = {}) {
  const box: string[] = []
  const house = await startHouse({ ...options, config, types: toyTypes(box) })
  onTestFinished(() => house.close())
  return { ...house, box }
}

describe('a thousand events in one millisecond', () => {
  const TOYS = `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
  numbered: { type: numbered, insecure: true }
automations:
  - name: collect
    sources: [wandb, numbered]
    events: ['*']
    destinations: [{ type: box }]
`

  // Seen in argo-events #3326.
  it('with equal bodies and ids of their own are not taken for one: each is delivered', async () => {
    const { url, box } = await openToys(TOYS, { clock: stoppedClock() })
    const headers = (n: number) => ({ 'x-number': String(n) })
    const same = Array.from({ length: 1_000 }, () => ({ same: true }))
    expect(await sendMany(url, same, { source: 'numbered', headers })).toEqual({ 202: 1_000 })
    await expect.poll(() => box.length, SOON).toBe(1_000)
  })

  // Seen in argo-events #3326.
  it('about one model that differ in one field are not taken for one: each is delivered', async () => {
    const { url, box } = await openToys(TOYS, { clock: stoppedClock() })
    const moved = Array.from({ length: 1_000 }, (_, n) => aliasBody({ artifact_version_index: String(n) }))
    expect(await sendMany(url, moved)).toEqual({ 202: 1_000 })
    await expect.poll(() => box.length, SOON).toBe(1_000)
  })
})

describe('five hundred automations on one event', () => {
  // Seen in tekton-triggers #570, where the ninth trigger never fired.
  it('leave none out: each of them fires, and each is explained', async () => {
    const names = Array.from({ length: 500 }, (_, n) => `automation-${n}`)
    const { url, box, api } = await openToys(`version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
automations:
${names.map((name) => `  - { name: ${name}, events: [LINK_ARTIFACT], destinations: [{ type: box }] }`).join('\n')}
`)
    const { body } = await sendWandb(url, aliasBody({ event_type: 'LINK_ARTIFACT' }))
    expect(body['matched']).toEqual(names)
    await expect.poll(() => [...box].sort(), SOON).toEqual([...names].sort())
    const stored = (await api(`/api/v1/events/${String(body['event_id'])}`)).body
    expect(stored['matches']).toMatchObject(names.map((automation) => ({ automation, matched: true })))
    expect(stored['deliveries']).toHaveLength(500)
  })
})
