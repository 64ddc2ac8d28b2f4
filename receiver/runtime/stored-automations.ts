import type { AutomationProblem, CheckedAutomation } from '../config/config.ts'
import type { AutomationInput } from '../config/schema.ts'
import type { Clock } from '../observe/clock.ts'
import type { Log } from '../observe/log.ts'
import type { Guard } from '../outbound/guard.ts'
import { jsonText, parse } from '../store/json-text.ts'
import type { AutomationChange, Expected, StoredAutomation } from '../store/management-records.ts'
import type { Store } from '../store/store.ts'
import { followAutomations } from './follow-automations.ts'
import type { Runtime } from './runtime.ts'

/** How long the names of all URLs of an automation may take to be resolved, in ms. */
const RESOLVE_MS = 5_000

/** A stored automation as the API shows it. */
export interface WrittenAutomation extends Omit<StoredAutomation, 'spec'> {
  input: unknown
}

/** The outcome of writing an automation. */
export type Written =
  | { outcome: 'invalid'; problems: readonly AutomationProblem[] }
  /** The files have one of this name: `file` and `line` say where. */
  | { outcome: 'in_file'; file: string; line: number | null }
  | (AutomationChange & { input?: AutomationInput })

/** Automations that are written through the API: kept in the store, checked as those of the files are. */
export interface StoredAutomations {
  /** Returns what is stored now, by name. */
  list(): Promise<WrittenAutomation[]>
  /** Returns one, or null. */
  get(name: string): Promise<WrittenAutomation | null>
  /** Returns what is wrong with an automation, or the automation; nothing is stored. */
  check(input: unknown): Promise<CheckedAutomation>
  /** Checks and stores an automation. Resolves when it is in force on this replica; the next event of any sees it. */
  put(name: string, input: unknown, options: { expected: Expected; by: string }): Promise<Written>
  /** Deletes an automation; deliveries that were accepted under it go on. */
  delete(name: string, expected: Expected): Promise<Written>
  /** Puts in force what other replicas have changed, if anything. */
  refresh(): Promise<void>
  /** Looks no more for what other replicas change. */
  stop(): void
}

/** The means of stored automations. */
export interface StoredAutomationsOptions {
  store: Store
  runtime: () => Runtime
  clock: Clock
  log: Log
  guard: Pick<Guard, 'checkText' | 'checkUrl'>
  /** Puts the stored automations in force as they are now. */
  reload: () => Promise<void>
}

/** Returns the automations of a store; looks for what other replicas change until it is stopped. */
export function createStoredAutomations(options: StoredAutomationsOptions): StoredAutomations {
  const { store, runtime, clock, log, guard, reload } = options
  const list = async () => (await store.storedAutomations({})).items.map(written)
  const check = async (input: unknown) => await checkResolved(input, runtime, guard)
  const refresh = async () => {
    if ((await store.automationsVersion({})) !== runtime().stored.version) await reload()
  }
  const following = followAutomations({ store, refresh, log })
  const inFile = (name: string): Written | null => {
    const origin = runtime().config.rules.origins.get(name)
    return origin === undefined ? null : { outcome: 'in_file', ...origin }
  }
  return {
    list,
    get: async (name) => (await list()).find((one) => one.name === name) ?? null,
    check,
    async put(name, input, { expected, by }) {
      const taken = inFile(name)
      if (taken !== null) return taken
      const checked = await check(input)
      if (!checked.ok) return { outcome: 'invalid', problems: checked.problems }
      const spec = jsonText(checked.input as unknown)
      const change = await store.putAutomation({ name, spec, expected, by, now: clock.steady() })
      if (change.outcome === 'created' || change.outcome === 'replaced') await reload()
      return { ...change, input: checked.input }
    },
    async delete(name, expected) {
      const taken = inFile(name)
      if (taken !== null) return taken
      const change = await store.deleteAutomation({ name, expected, now: clock.steady() })
      if (change.outcome === 'deleted') await reload()
      return change
    },
    refresh,
    stop() {
      following.stop()
    },
  }
}

const written = ({ spec, ...rest }: StoredAutomation): WrittenAutomation => ({ ...rest, input: parse(spec) })

/** Checks an automation, and gives each URL the verdict that a request to it would meet now: names are resolved too. */
async function checkResolved(
  input: unknown,
  runtime: () => Runtime,
  guard: StoredAutomationsOptions['guard'],
): Promise<CheckedAutomation> {
  const { rules } = runtime().config
  const asked = new Set<string>()
  const checked = rules.check(input, (url) => {
    asked.add(url)
    return guard.checkText(url)
  })
  if (!checked.ok || asked.size === 0) return checked
  const late = new Promise<null>((resolve) => {
    setTimeout(() => resolve(null), RESOLVE_MS).unref()
  })
  const verdicts = await Promise.all(
    [...asked].map(async (url) => [url, await Promise.race([guard.checkUrl(url), late])] as const),
  )
  const refused = new Map(verdicts)
  return rules.check(input, (url) => refused.get(url) ?? guard.checkText(url))
}
