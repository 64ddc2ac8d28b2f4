import type { Tx } from '../db.ts'
import { latestEvents } from '../tables/events.ts'
import { readFact, writeFact } from '../tables/facts.ts'
import type { LastHeard } from '../views.ts'

const factOf = (source: string) => `heard:${source}`

/** Says when sources sent their last event: see `Operations.lastHeard`. */
export async function lastHeard(tx: Tx, { sources }: { sources: readonly string[] }): Promise<LastHeard[]> {
  const latest = await latestEvents(tx, sources)
  const heard: LastHeard[] = []
  for (const source of sources) {
    const noted = readNote(await readFact(tx, factOf(source)))
    const event = latest.get(source)
    // The event may be past keeping while the silence lasts: the note outlives it.
    const now =
      event !== undefined && event.accepted_at >= (noted?.at ?? 0)
        ? { event_id: event.id, at: event.accepted_at }
        : (noted ?? { event_id: null, at: tx.now })
    if (noted === null || now.event_id !== noted.event_id)
      await writeFact(tx, factOf(source), JSON.stringify(now))
    heard.push({ source, event_id: now.event_id, silent_ms: Math.max(0, tx.now - now.at) })
  }
  return heard
}

interface Note {
  event_id: string | null
  at: number
}

function readNote(text: string | null): Note | null {
  return text === null ? null : (JSON.parse(text) as Note)
}
