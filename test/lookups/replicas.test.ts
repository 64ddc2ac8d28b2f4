import { describe, expect, inject, it } from 'vitest'
import { endDeadLeases } from '../faults/dead-leases.ts'
import { startLoad } from '../faults/load.ts'
import { World } from '../faults/world.ts'
import { startWandb, type StandInWandb } from '../standins/wandb.ts'
import { createDatabase } from '../support/database.ts'
import { lookupConfig, OPEN } from './scene.ts'

const server = inject('postgresUrl')
const MODELS = 24
const EVENTS = 240
/** More than any model gets: senders don't take turns. */
const VERSIONS = 60

const idOf = (model: string, version: number) =>
  Buffer.from(`Artifact:${model}:${version}`).toString('base64')

/** Three replicas under load, and a W&B that knows every version of every model. */
async function start() {
  const wandb = await startWandb()
  for (let n = 0; n < MODELS * VERSIONS; n++) {
    const [model, version] = [`model-${n % MODELS}`, Math.floor(n / MODELS) + 1]
    const id = idOf(model, version)
    const collections = { [`my-team/model-registry/${model}`]: { version, aliases: ['production'] } }
    wandb.artifacts.set(id, { id, version, collections })
  }
  const database = await createDatabase(server ?? '')
  const config = lookupConfig(wandb.url).replace('destinations:', 'supersede: never\n    destinations:')
  const world = await World.start({ database, replicas: 3, config, env: OPEN })
  const load = startLoad({
    urls: () => world.urls(),
    models: MODELS,
    at_once: 12,
    most: EVENTS,
    parts: (model, version) => ({ artifact_version: `wandb-artifact://_id/${idOf(model, version)}` }),
  })
  return { wandb, database, world, load }
}

/** How often W&B was asked about each version. */
function timesAsked({ asked }: StandInWandb): number[] {
  const times = new Map<string, number>()
  for (const { variables } of asked) {
    const id = variables['id'] ?? ''
    times.set(id, (times.get(id) ?? 0) + 1)
  }
  return [...times.values()]
}

describe.skipIf(server === null)('look-ups of three replicas on one PostgreSQL', () => {
  it('are made once each, whichever replica took the event', { timeout: 120_000 }, async () => {
    const { wandb, world, load } = await start()
    try {
      await load.finished
      const verdict = await world.judge(load.sent, { duplicates_allowed: 0, settle_ms: 90_000 })
      expect(verdict).toMatchObject({
        problems: [],
        accepted: EVENTS,
        acted: EVENTS,
        superseded: 0,
      })
      expect(timesAsked(wandb)).toEqual(Array.from({ length: EVENTS }, () => 1))
    } finally {
      await world.close()
      await wandb.close()
    }
  })

  it(
    'are made by the others when a replica is killed that asks: nothing is lost, decided twice or out of order',
    { timeout: 180_000 },
    async () => {
      const { wandb, database, world, load } = await start()
      const [victim] = world.receivers
      if (victim === undefined) throw new Error('No receiver runs.')
      try {
        await expect.poll(() => wandb.asked.length, { timeout: 30_000 }).toBeGreaterThan(2 * MODELS)
        // All replicas have questions under way then.
        wandb.misbehave(() => true)
        const before = wandb.asked.length
        await expect.poll(() => wandb.asked.length - before, { timeout: 30_000 }).toBe(MODELS)
        await world.killAndRestart(victim)
        wandb.misbehave(null)
        await load.finished
        await endDeadLeases(database)
        const verdict = await world.judge(load.sent, { duplicates_allowed: 1, settle_ms: 120_000 })
        expect(verdict).toMatchObject({ problems: [], superseded: 0 })
        expect(verdict.accepted).toBeGreaterThan(EVENTS / 2)
        const decided = (await world.kept()).map(({ event_id }) => event_id)
        expect(decided).toHaveLength(new Set(decided).size)
      } finally {
        await world.close()
        await wandb.close()
      }
    },
  )
})
