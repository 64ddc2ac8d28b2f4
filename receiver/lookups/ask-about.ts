import type { Outbound } from '../outbound/send.ts'
import type { Source } from '../runtime/sources.ts'
import { secretTexts } from '../sources/credentials.ts'
import { LookupTrouble, type LookedUp } from '../sources/lookup.ts'
import type { ModelEvent } from '../../src/contract/model-event.ts'
import { createAsk } from './ask.ts'

/** A registry's words about an event: null where there is nothing to ask about it. */
export type Said = { found: LookedUp | null } | { trouble: LookupTrouble }

/** The means to send a question. */
export interface AskAboutOptions {
  outbound: Outbound
  /** Ends the question. */
  signal: AbortSignal
  /** Unix ms. */
  now: number
}

/** Asks the registry of a source about an event. */
export async function askAbout(
  { config, lookup }: Source,
  event: ModelEvent,
  { outbound, signal, now }: AskAboutOptions,
): Promise<Said> {
  if (lookup === null || config.lookup === null) return { found: null }
  const { base_url } = config.lookup
  const ask = createAsk({
    ...{ outbound, lookup, signal, now },
    config: config.lookup,
    secrets: secretTexts(config.credentials),
  })
  try {
    return { found: await lookup.find(event, { ask, base_url }) }
  } catch (error) {
    if (error instanceof LookupTrouble) return { trouble: error }
    throw error
  }
}
