import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createDatabase } from '../support/database.ts'
import { aliasBody, sendWandb } from '../support/send.ts'
import { startLoad } from '../faults/load.ts'
import { World } from '../faults/world.ts'
import { latencies, median } from './latency.ts'
import { runReplicas } from './run-replicas.ts'
import { teamsOf } from './teams.ts'

const server = inject('postgresUrl')
const EVENTS = 2_000

describe.skipIf(server === null)('three replicas on one PostgreSQL', () => {
  it.concurrent(
    `dispatch ${EVENTS} events exactly once, each model's in order`,
    { timeout: 120_000 },
    async () => {
      const database = await createDatabase(server ?? '')
      const run = await runReplicas({ database, replicas: 3, events: EVENTS, settle_ms: 90_000 })
      console.info(`${EVENTS} events: taken in ${run.accept_ms} ms, dispatched in ${run.all_ms} ms`)
      expect(run.verdict).toMatchObject({ problems: [], accepted: EVENTS, acted: EVENTS, duplicates: 0 })
    },
  )

  it.concurrent(
    'keep one pace for one identity: a second between two requests, never two in flight',
    { timeout: 60_000 },
    async () => {
      const { config, env, users } = teamsOf(1, 40, 1)
      const world = await World.start({
        database: await createDatabase(server ?? ''),
        replicas: 3,
        config,
        env,
        github: { users },
      })
      try {
        await world.github.fail({ kind: 'slow', ms: 200 })
        const load = startLoad({ urls: () => world.urls(), models: 40, at_once: 8, most: 40 })
        await load.finished
        await new Promise((resolve) => setTimeout(resolve, 15_000))
        const { writes = [], most_in_flight } = (await world.github.identities())['user:team-0'] ?? {}
        expect(most_in_flight).toBe(1)
        expect(writes.length).toBeGreaterThanOrEqual(12)
        const busiest = writes.map(
          (at) => writes.filter((other) => other >= at && other < at + 10_000).length,
        )
        expect(Math.max(...busiest)).toBeLessThanOrEqual(11)
      } finally {
        await world.close()
      }
    },
  )

  describe('at rest', () => {
    let world: World
    beforeAll(async () => {
      world = await World.start({ database: await createDatabase(server ?? ''), replicas: 3 })
    })
    afterAll(() => world.close())

    it('dispatch what comes at once, whichever replica took it: no poll interval in it', async () => {
      const took = await latencies(world, 15)
      console.info(
        `PostgreSQL, from webhook to dispatch: median ${median(took)} ms, most ${Math.max(...took)} ms`,
      )
      expect(Math.max(...took)).toBeLessThan(1_000)
    })

    it('dispatch at once what is redelivered on another replica', async () => {
      await world.github.fail({ kind: 'answer', name: 'not-found' }, 1)
      const { body } = await sendWandb(world.urls()[0] ?? '', aliasBody({ artifact_version_index: '1' }))
      const [id] = body['deliveries'] as string[]
      const path = `/api/v1/deliveries/${String(id)}`
      const statusOn = async (n: number) => (await world.receivers[n]?.api(path))?.body['status']
      await expect.poll(() => statusOn(1), { timeout: 5_000 }).toBe('failed')
      const redelivered = await world.receivers[2]?.api(`${path}/redeliver`, { method: 'POST' })
      expect(redelivered?.status).toBe(202)
      await expect.poll(() => statusOn(0), { timeout: 1_000 }).toBe('succeeded')
    })

    it('do next to nothing while a lane is paused and deliveries wait in it', async () => {
      const limited = { kind: 'custom', status: 429, headers: { 'retry-after': '60' } } as const
      await world.github.fail(limited, 1)
      for (let n = 0; n < 6; n++)
        await sendWandb(world.urls()[n % 3] ?? '', aliasBody({ artifact_collection_name: `waits-${n}` }))
      const busy = () => world.receivers.map(({ pid }) => cpuSeconds(pid))
      const mostBusy = async () => {
        const before = busy()
        await new Promise((resolve) => setTimeout(resolve, 3_000))
        return Math.max(...busy().map((seconds, i) => (seconds - (before[i] ?? 0)) / 3))
      }
      // Asked more than once: the end of a start, which frees its memory, may fall into the first look.
      await expect.poll(mostBusy, { timeout: 20_000 }).toBeLessThan(0.1)
    })
  })
})

/** The processor time that a process has used (proc_pid_stat(5): fields 14 and 15, in hundredths of a second). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

describe('one receiver on SQLite at rest', () => {
  it('dispatches what comes at once: no poll interval in it', async () => {
    const world = await World.start({ database: null })
    try {
      const took = await latencies(world, 15)
      console.info(
        `SQLite, from webhook to dispatch: median ${median(took)} ms, most ${Math.max(...took)} ms`,
      )
      expect(Math.max(...took)).toBeLessThan(1_000)
    } finally {
      await world.close()
    }
  })
})
