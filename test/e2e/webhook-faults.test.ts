import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { startTarget } from '../standins/target.ts'
import { startScene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

/** A receiver whose only automation sends to a target on loopback. */
async function open(keys = '', env: Record<string, string> = {}) {
  const there = await startTarget()
  const scene = await startScene({
    config: `version: 1
sources: { wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] } }
automations:
  - name: notify
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production }
    destinations: [{ type: webhook, url: '${there.url}/hook'${keys} }]
`,
    env: { OUTBOUND_ALLOW_CIDRS: '127.0.0.1', OUTBOUND_ALLOW_HTTP: 'true', ...env },
  })
  onTestFinished(async () => {
    await scene.close()
    await there.close()
  })
  return { there, scene }
}

it('kill -9 in the middle of webhooks loses none: each 202 arrives, under one id however often', async () => {
  const { there, scene } = await open()
  there.answer((response) => setTimeout(() => response.end(), 20))
  const promised: string[] = []
  for (let round = 0; round < 3; round += 1) {
    const sent = Array.from({ length: 40 }, async (_, n) => {
      const body = aliasBody({ artifact_collection_name: `model-${round}-${n}` })
      const answer = await sendWandb(scene.receiver.url, body).catch(() => null)
      if (answer?.status === 202) promised.push(...(answer.body['deliveries'] as string[]))
    })
    await expect.poll(() => promised.length).toBeGreaterThan(round * 5 + 5)
    await scene.receiver.kill9()
    await Promise.all(sent)
    await scene.receiver.start()
  }
  const ids = () => there.arrived.map(({ headers }) => String(headers['x-model-dispatch-delivery']))
  await expect.poll(() => promised.filter((id) => !ids().includes(id)), { timeout: 30_000 }).toEqual([])
  const unfinished = async () =>
    (await scene.receiver.api('/api/v1/deliveries?status=pending&limit=1')).body['items']
  await expect.poll(unfinished).toEqual([])
  // Four requests at a time go to one URL: at most so many were under way at each of three kills.
  expect(ids().length - new Set(ids()).size).toBeLessThanOrEqual(12)
  for (const id of new Set(ids())) {
    const bodies = there.arrived.filter(({ headers }) => headers['x-model-dispatch-delivery'] === id)
    expect(new Set(bodies.map(({ body }) => body.toString())).size).toBe(1)
  }
})

it('A secret in a file is read at each attempt, and what waits for it goes on when the file is there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hook-token-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'token')
  writeFileSync(file, 'the-first-token')
  const { there, scene } = await open(`, access_token: '\${file:${file}}'`)
  const tokens = () => there.arrived.map(({ headers }) => headers['authorization'])
  await sendWandb(scene.receiver.url, aliasBody({ n: 1 }))
  await expect.poll(tokens).toEqual(['Bearer the-first-token'])
  there.answer((response, { headers }) =>
    response.writeHead(headers['authorization'] === 'Bearer the-next-token' ? 200 : 401).end(),
  )
  const { body } = await sendWandb(scene.receiver.url, aliasBody({ n: 2 }))
  const [id] = body['deliveries'] as string[]
  const delivery = async () => (await scene.receiver.api(`/api/v1/deliveries/${String(id)}`)).body
  await expect.poll(tokens).toEqual(['Bearer the-first-token', 'Bearer the-first-token'])
  writeFileSync(file, 'the-next-token')
  await expect.poll(async () => (await delivery())['status'], { timeout: 15_000 }).toBe('succeeded')
  expect(tokens().at(-1)).toBe('Bearer the-next-token')
})
