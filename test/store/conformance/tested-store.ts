import { afterAll, beforeAll, beforeEach } from 'vitest'
import type { Advance, Advanced, Claimed, Finished, NewDelivery } from '../../../receiver/store/records.ts'
import type { Store } from '../../../receiver/store/store.ts'
import { finishedAttempt } from '../../support/attempts.ts'
import { REVISION, storedDelivery, storedEvent } from '../../support/events.ts'
import type { StoreToClear } from '../store-to-clear.ts'

/** When every test begins, Unix ms. */
export const START = 1_800_000_000_000
/** The lane of `storedDelivery`: one request at a time, a second between two. */
export const LANE = 'github-app:api.github.com:1/acme'
/** The parts of a result that a server gives which does not answer properly. */
export const AMBIGUOUS = { class: 'ambiguous', status: 502, message: 'bad gateway', fix: 'wait' } as const

/** An empty store for each test, the time that the test sets, and what most tests do with them. */
export interface TestedStore {
  store: Store
  now: number
  /** Accepts events of one delivery each, in one group. Returns the deliveries' ids. */
  put: (...deliveries: Partial<NewDelivery>[]) => Promise<string[]>
  /** One heartbeat: claims what it can, unless told otherwise. */
  advance: (parts?: Partial<Advance>) => Promise<Advanced>
  /** What an attempt under this claim showed: success, with the parts replaced. */
  result: (claim: Claimed, parts?: Partial<Finished>) => Finished
  statusOf: (id: string) => Promise<string | undefined>
  /** Claims one delivery; throws when there is none. */
  claimOne: () => Promise<Claimed>
}

/** Opens one store for this `describe`; every test finds it empty. */
export function eachOn(open: () => Promise<StoreToClear>): TestedStore {
  const tested: TestedStore = {
    // Opened before the first test.
    store: undefined as unknown as Store,
    now: START,
    async put(...deliveries) {
      const { store, now } = tested
      const made = deliveries.map(storedDelivery)
      await store.accept({ now, events: made.map((delivery) => storedEvent({ deliveries: [delivery] })) })
      return made.map(({ id }) => id)
    },
    advance({ ...parts } = {}) {
      const { store, now } = tested
      return store.advance({ now, finished: [], capacity: 10, lease_ms: 60_000, lanes: [], ...parts })
    },
    result: (claim, parts = {}) => finishedAttempt(claim, { at: tested.now, ...parts }),
    statusOf: async (id) => (await tested.store.getDelivery({ id }))?.status,
    async claimOne() {
      const [claim] = (await tested.advance({ capacity: 1 })).claimed
      if (claim === undefined) throw new Error('Nothing could be claimed.')
      return claim
    },
  }
  let opened: StoreToClear | undefined
  beforeAll(async () => {
    opened = await open()
    tested.store = opened.store
  })
  beforeEach(async () => {
    tested.now = START
    await opened?.clear()
    await tested.store.saveRevisions({ revisions: [REVISION], now: tested.now })
  })
  afterAll(() => opened?.close())
  return tested
}
