import { OWN_SOURCE } from '../../src/contract/model-event.ts'
import { sourceType } from './source.ts'

/**
 * The receiver itself as a source: what goes wrong in it can be told to people by automations that name it.
 * Nobody can send to it: it has no credentials and is in no configuration.
 */
export const modelDispatch = sourceType({
  type: OWN_SOURCE,
  title: 'Model Dispatch itself',
  settings: {},
  credentials: [],
  events: {
    'delivery.failed': 'other',
    'delivery.recovered': 'other',
    'lane.paused': 'other',
    'source.rejecting': 'other',
    'source.silent': 'other',
    'config.refused': 'other',
  },
  connect: () => ({
    verify: () => ({ ok: false, reason: 'nobody can send in the name of the receiver' }),
    parse: () => [],
  }),
  samples: {},
  setup: 'Nothing to set up: name `model-dispatch` in the `sources` of an automation.',
})
