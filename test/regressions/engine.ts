import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { createEngine, type Engine } from '../../receiver/deliveries/engine.ts'
import type { Sender } from '../../receiver/destinations/destination.ts'
import type { AttemptResult } from '../../receiver/policy/attempt.ts'
import { createLog } from '../../receiver/observe/log.ts'
import { jsonText } from '../../receiver/store/json-text.ts'
import type { NewDelivery } from '../../receiver/store/records.ts'
import { openSqliteStore } from '../../receiver/store/sqlite/open.ts'
import { StoreUnavailable, type Store } from '../../receiver/store/store.ts'
import { storedDelivery, storedEvent } from '../support/events.ts'

const START = 1_800_000_000_000
const TYPE = 'repository_dispatch'

/** The revision that every delivery of these tests was made under. */
const REVISION = {
  id: 'rev_1',
  automation: 'deploy',
  spec: jsonText({ destinations: [{ type: TYPE }] }),
}

/** What the destination does with the delivery of this id. */
export type Send = (delivery_id: string) => Promise<AttemptResult>

/** The engine over a real store, with a time that only moves when it is told to. */
export interface Bench {
  store: Store
  time: { now: number }
  /** Ids of the deliveries that were tried, in order. */
  sent: string[]
  /** The next so many results of attempts cannot be written. */
  failWrites: (times: number) => void
  /** Puts deliveries into the store, each of an event of its own; gives their ids. */
  put: (...deliveries: Partial<NewDelivery>[]) => Promise<string[]>
  /** Lets the engine look until it has done all that can be done at this time. */
  settle: () => Promise<void>
  /** Ends the engine and starts another one, as a restart of the process would. */
  restart: (while_down: () => void) => Promise<void>
  close: () => Promise<void>
}

export async function openBench(send: Send): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-engine-'))
  const store = await openSqliteStore(folder)
  const time = { now: START }
  const sent: string[] = []
  const looks = { begun: 0, ended: 0, failing: 0 }
  await store.saveRevisions({ revisions: [REVISION], now: START })

  const watched: Store = {
    ...store,
    async advance(args) {
      looks.begun += 1
      try {
        if (args.finished.length > 0 && looks.failing-- > 0) {
          throw new StoreUnavailable('no space left on the device', 'free some')
        }
        return await store.advance(args)
      } finally {
        looks.ended += 1
      }
    },
  }
  const sender = {
    send({ delivery_id }) {
      sent.push(delivery_id)
      return send(delivery_id)
    },
  } as Pick<Sender, 'send'> as Sender

  function start(): Engine {
    const engine = createEngine({
      store: watched,
      senders: () => new Map([[TYPE, sender]]),
      clock: { wall: () => time.now, steady: () => time.now },
      log: createLog('silent'),
      random: () => 0.5,
    })
    engine.start()
    return engine
  }
  let engine = start()

  /** Waits for a look that began after this call. */
  async function look(): Promise<void> {
    const from = looks.begun
    engine.wake()
    await expect.poll(() => looks.ended, { interval: 2, timeout: 10_000 }).toBeGreaterThan(from)
  }

  return {
    store,
    time,
    sent,
    failWrites: (times) => (looks.failing = times),
    async put(...deliveries) {
      const made = deliveries.map(storedDelivery)
      const events = made.map((delivery) => storedEvent({ deliveries: [delivery] }))
      await store.accept({ now: time.now, events })
      return made.map(({ id }) => id)
    },
    async settle() {
      for (let before = -1; before !== sent.length;) {
        before = sent.length
        await look()
        await look()
      }
    },
    async restart(while_down) {
      await engine.stop(1_000)
      while_down()
      await store.recover({ now: time.now })
      engine = start()
    },
    async close() {
      await engine.stop(0)
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
