import { dedupeKey, keysOf } from '../../src/contract/keys.ts'
import type { ModelEvent } from '../../src/contract/model-event.ts'
import type { Automation } from '../automations/automation.ts'
import { RenderError, type Sender, type Target, type TargetInput } from '../destinations/destination.ts'
import type { SourceEvent } from '../sources/source.ts'
import type { NewDelivery } from '../store/records.ts'
import { newDeliveryId } from './ids.ts'

/** Returns one delivery per destination of every automation that matched. */
export function planDeliveries(
  event: ModelEvent,
  source: Pick<SourceEvent, 'flat' | 'dispatch_type' | 'client_payload'>,
  matched: readonly Automation[],
  senders: ReadonlyMap<string, Sender>,
): NewDelivery[] {
  const dedupe_key = dedupeKey(event)
  return matched.flatMap(({ spec, revision }) =>
    spec.destinations.map((settings, position): NewDelivery => {
      const id = newDeliveryId()
      const input: TargetInput = {
        delivery_id: id,
        automation: spec.name,
        event,
        flat: source.flat,
        dispatch_type: source.dispatch_type,
        client_payload: source.client_payload ?? null,
        dedupe_key,
        settings,
      }
      const where = aim(senders.get(settings.type), input, settings.type)
      const scope = { destination: settings.type, target: where.target, listener: where.listener }
      return {
        id,
        automation: spec.name,
        revision,
        position,
        type: settings.type,
        target: where.target,
        lane: where.lane,
        policy: where.policy,
        ...keysOf(scope, event),
        dedupe_key,
        ordered: spec.order === 'strict',
        supersede: spec.supersede,
        expires_after_ms: spec.expires_after_ms,
        replay_of: event.replay_of,
        error: where.error,
      }
    }),
  )
}

type Aim = Target & Pick<NewDelivery, 'error'>

/** Returns where the delivery goes, or why it can go nowhere. */
function aim(sender: Sender | undefined, input: TargetInput, type: string): Aim {
  const nowhere = (message: string, fix: string): Aim => ({
    target: '',
    listener: '',
    lane: '',
    policy: { concurrency: 1, interval_ms: 0 },
    error: { class: 'permanent', message, fix },
  })
  if (sender === undefined)
    return nowhere(`No destination of type "${type}" is available.`, 'Upgrade the receiver.')
  try {
    return { ...sender.target(input), error: null }
  } catch (error) {
    if (error instanceof RenderError) return nowhere(error.message, error.fix)
    throw error
  }
}
