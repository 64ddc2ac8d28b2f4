import { AutomationsChanged } from '../store/store.ts'
import type { Accepted } from '../store/records.ts'
import type { Acceptor } from './acceptor.ts'
import type { Prepared } from './prepare-event.ts'

/** How often an event is matched in all while other replicas change automations. */
const TRIES = 5

/** The means to accept an event. */
export interface AcceptContext {
  acceptor: Pick<Acceptor, 'accept'>
  /** Puts in force what other replicas have changed. */
  automations: { refresh(): Promise<void> }
}

/**
 * Prepares an event and accepts it; where another replica has changed the automations since they were put in force here,
 * the event is prepared again under the new ones.
 */
export async function acceptPrepared(
  { acceptor, automations }: AcceptContext,
  prepare: () => Prepared,
  options?: { past_backlog: boolean },
): Promise<{ prepared: Prepared; accepted: Accepted }> {
  for (let tried = 1; ; tried++) {
    const prepared = prepare()
    try {
      return { prepared, accepted: await acceptor.accept(prepared.record, options) }
    } catch (error) {
      if (!(error instanceof AutomationsChanged) || tried === TRIES) throw error
      await automations.refresh()
    }
  }
}
