import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonText } from '../../receiver/store/json-text.ts'
import type { NewEvent } from '../../receiver/store/records.ts'
import { groupFromText, groupToText } from '../../receiver/store/sqlite/accept-text.ts'
import { storedDelivery, storedEvent } from '../support/events.ts'

const NOW = 1_800_000_000_000

/** Events whose texts hold anything: what a registry sends, and what its users write. */
const anyEvent = fc
  .record({
    title: fc.string({ unit: 'binary' }),
    raw: fc.json({ stringUnit: 'binary' }),
    flat: fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })),
    targets: fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 3 }),
  })
  .map(({ title, raw, flat, targets }) =>
    storedEvent({
      event: jsonText({ title } as never),
      raw: Buffer.from(raw),
      context: { ...storedEvent().context, flat, hint: title.toWellFormed() },
      deliveries: targets.map((target) => storedDelivery({ target, expires_after_ms: 60_000 })),
    }),
  )

const bytesAside = (events: readonly NewEvent[]) =>
  events.map((event) => ({ ...event, raw: Buffer.from(event.raw).toString('hex') }))

describe('a group of events on its way to the store', () => {
  it('arrives as it was sent, whatever its texts and bodies hold', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { minLength: 1, maxLength: 5 }), fc.boolean(), (events, retry) => {
        const text = groupToText({ now: NOW, events, retry, wait_ms: 5_000 })
        if (text === null) throw new Error('JSON cannot be sent as text')
        const { events: arrived, ...rest } = groupFromText(text)
        expect(rest).toEqual({ now: NOW, retry, wait_ms: 5_000 })
        expect(bytesAside(arrived)).toEqual(bytesAside(events))
      }),
    )
  })

  it.each([
    ['a byte that is not UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['U+0000', Buffer.from('{\0}')],
  ])('is not sent as text where a body holds %s: no byte of a body may change', (_, raw) => {
    const events = [storedEvent(), storedEvent({ raw })]
    expect(groupToText({ now: NOW, events })).toBeNull()
  })
})
