import { randomBytes } from 'node:crypto'

/** `evt_…`: one accepted event. Its time in ms and 72 random bits, in hex. */
export const newEventId = (): string => `evt_${unique()}`

/** `dlv_…`: one delivery; the same for every attempt at it. */
export const newDeliveryId = (): string => `dlv_${unique()}`

/** Begins with the time: what is made together lies together in an index, and a commit writes few pages. */
const unique = () => Date.now().toString(16).padStart(12, '0') + randomBytes(9).toString('hex')
