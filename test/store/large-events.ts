import type { NewEvent } from '../../receiver/store/records.ts'
import { storedEvent } from '../support/events.ts'

/** Makes a group of 32 events with bodies of so many bytes; those of different `prefix` have nothing in common. */
export function largeEvents(prefix: string, bytes: number): NewEvent[] {
  const raw = Buffer.alloc(bytes, 'x')
  return Array.from({ length: 32 }, () => {
    const { id, identity, ...event } = storedEvent()
    const value = `${prefix}-${identity.value}`
    return {
      ...event,
      id: `${prefix}-${id}`,
      identity: { ...identity, key: value, value, body_hash: value },
      raw,
    }
  })
}
