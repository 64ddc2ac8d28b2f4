import type { AutomationSpec } from '../../automations/automation.ts'
import { compileAutomation } from '../../automations/compile.ts'
import { explainConditions, toldMatch, type ExplainedMatch } from '../../automations/explain.ts'
import { dropInResult } from '../../deliveries/drop-in.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { parse } from '../../store/json-text.ts'
import type { Store } from '../../store/store.ts'
import type { EventDetail, EventSummary } from '../../store/views.ts'

/**
 * Returns why each automation wanted the event or not: by the revision its deliveries were made under, else by today's.
 */
export async function reasonsOf(
  store: Pick<Store, 'getRevision'>,
  runtime: Runtime,
  stored: Pick<EventSummary, 'source' | 'event' | 'deliveries'> & Partial<Pick<EventDetail, 'context'>>,
): Promise<ExplainedMatch[]> {
  const drop_in = stored.context?.drop_in ?? null
  if (drop_in !== null) return [toldMatch(dropInResult(drop_in))]
  const used = new Map(stored.deliveries.map(({ automation, revision }) => [automation, revision]))
  const automations = runtime.automations.filter(
    ({ spec, revision }) => (used.get(spec.name) ?? revision) === revision,
  )
  const current = new Set(automations.map(({ spec }) => spec.name))
  for (const [name, id] of used) {
    if (current.has(name)) continue
    const revision = await store.getRevision({ id })
    if (revision !== null) automations.push(compileAutomation(parse(revision.spec) as AutomationSpec))
  }
  return explainConditions(automations, parse(stored.event), runtime.config.sources.get(stored.source)?.allow)
}
