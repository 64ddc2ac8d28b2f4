import { z } from 'zod'
import { NO_CHANGE, NO_MODEL } from '../../src/contract/model-event.ts'
import type { TypeTables } from '../../receiver/config/schema.ts'
import type { DestinationType } from '../../receiver/destinations/destination.ts'
import { DESTINATION_TYPES } from '../../receiver/destinations/index.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import { sourceType, type ConnectedSource, type SourceEvent } from '../../receiver/sources/source.ts'
import { attemptResult } from '../support/attempts.ts'

/** A registry that numbers its requests: the header `x-number` is the delivery id. */
const numbered = sourceType({
  type: 'numbered',
  title: 'Numbered',
  settings: {},
  credentials: [],
  events: { RELEASED: 'version.created' },
  connect: () => ({ verify: () => ({ ok: true, secret: null }), parse }),
  samples: {},
  setup: '',
})

const parse: ConnectedSource['parse'] = (_body, { headers }) => {
  const key = headers['x-number'] ?? ''
  const event: SourceEvent['event'] = {
    type: 'RELEASED',
    kind: 'version.created',
    title: 'released',
    author: null,
    occurred_at: null,
    test: false,
    own: false,
    model: { ...NO_MODEL, name: 'm' },
    change: { ...NO_CHANGE, tags: [] },
    run: null,
    metadata: {},
    extra: {},
  }
  const identity = { rule: 'delivery', key, value: key, window_ms: 1_000, body_hash: null } as const
  return [{ event, identity, home: null, hint: null, dispatch_type: null, flat: {} }]
}

/** The tables with that registry, and with a destination that puts the delivery's automation into `box`. */
export function toyTypes(box: string[]): TypeTables {
  const destination: DestinationType = {
    type: 'box',
    title: 'Box',
    settings: z.strictObject({ type: z.literal('box') }),
    order: 'none',
    example: { type: 'box' },
    guide: '',
    answers: [],
    check: () => [],
    connect: () => ({
      target: () => ({
        target: 'the box',
        listener: '',
        lane: 'box',
        policy: { concurrency: 64, interval_ms: 0 },
      }),
      render: () => ({ method: 'PUT', url: 'box:', body: {} }),
      send({ automation }) {
        box.push(automation)
        return Promise.resolve(attemptResult())
      },
    }),
  }
  return {
    sources: new Map([...SOURCE_TYPES, [numbered.type, numbered]]),
    destinations: new Map([...DESTINATION_TYPES, [destination.type, destination]]),
  }
}
