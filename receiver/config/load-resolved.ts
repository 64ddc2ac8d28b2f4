import type { Problem } from '../../src/contract/problem.ts'
import type { Guard } from '../outbound/guard.ts'
import { loadConfig, type LoadedConfig, type LoadOptions } from './load.ts'

/** The longest wait for the names of all URLs, in ms. A name that is not resolved by then is not refused. */
const RESOLVE_MS = 5_000

/**
 * Loads the configuration as {@link loadConfig} does, and gives each URL the verdict that a request to it would meet now:
 * names are resolved too.
 * @throws ConfigError
 */
export async function loadResolved(options: LoadOptions, guard: Guard): Promise<LoadedConfig> {
  const asked = new Set<string>()
  const loaded = loadConfig({
    ...options,
    checkUrl(url) {
      asked.add(url)
      return guard.checkText(url)
    },
  })
  const refused = await refusedOf(asked, guard)
  if (refused.size === 0) return loaded
  return loadConfig({ ...options, checkUrl: (url) => refused.get(url) ?? guard.checkText(url) })
}

async function refusedOf(urls: ReadonlySet<string>, guard: Guard): Promise<ReadonlyMap<string, Problem>> {
  const refused = new Map<string, Problem>()
  const all = [...urls].map(async (url) => {
    const refusal = await guard.checkUrl(url)
    if (refusal !== null) refused.set(url, refusal)
  })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, RESOLVE_MS)
  })
  await Promise.race([Promise.all(all), late])
  clearTimeout(timer)
  return refused
}
