import { randomBytes } from 'node:crypto'

/** `evt_…`: one accepted event. 120 random bits, letters and digits only. */
export const newEventId = (): string => `evt_${random()}`

/** `dlv_…`: one delivery; the same for every attempt at it. */
export const newDeliveryId = (): string => `dlv_${random()}`

const random = () => randomBytes(15).toString('hex')
