import { randomFillSync } from 'node:crypto'

/** Returns a new id of an accepted event: `evt_…`, its time in ms and 72 random bits, in hex. */
export const newEventId = (): string => `evt_${unique()}`

/** Returns when an event's id was made, in Unix ms of the clock of the replica that accepted the event. */
export const timeOfEventId = (id: string): number => parseInt(id.slice(4, 16), 16)

/** Returns a new id of a delivery: `dlv_…`, the same for every attempt at it. */
export const newDeliveryId = (): string => `dlv_${unique()}`

/** Begins with the time: what is made together lies together in an index, and a commit writes few pages. */
const unique = () => Date.now().toString(16).padStart(12, '0') + randomHex()

const RANDOM_BYTES = 9
/** Random bytes are asked of the system for many ids at once: a call for each would cost more than all else here. */
const pool = Buffer.alloc(RANDOM_BYTES * 256)
let used = pool.length

function randomHex(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  return pool.toString('hex', used, (used += RANDOM_BYTES))
}
