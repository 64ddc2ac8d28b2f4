import { matchesGlob } from '../../src/contract/glob.ts'
import { equalSecrets } from '../secrets/equal.ts'
import type { SourceType } from '../sources/source.ts'
import { suggestWord } from '../templates/suggest.ts'
import type { AutomationContext } from './automation-spec.ts'
import type { DispatchesConfig } from './config.ts'
import type { Fault } from './problems.ts'

/** Shorter tokens can be guessed. */
const SHORTEST_TOKEN = 16

/** The context of checking an entry of `dispatches`. */
export interface DispatchesContext {
  sources: ReadonlyMap<string, SourceType>
  connections: AutomationContext['connections']
  /** The entries before it. */
  others: readonly DispatchesConfig[]
}

/** Returns what is wrong with an entry of `dispatches`; paths start at the entry. */
export function dispatchesFaults(
  { access_token, source, connection, repositories }: DispatchesConfig,
  { sources, connections, others }: DispatchesContext,
): Fault[] {
  const faults: Fault[] = []
  if (access_token.trim().length < SHORTEST_TOKEN) {
    const message = `has fewer than ${SHORTEST_TOKEN} characters`
    faults.push({ path: ['access_token'], message, fix: 'Make one up with `openssl rand -hex 32`.' })
  } else if (others.some((other) => equalSecrets(other.access_token.trim(), access_token.trim()))) {
    const message = 'is the token of another entry, and the token is what tells them apart'
    faults.push({ path: ['access_token'], message, fix: 'Give each entry a token of its own.' })
  }
  if (!sources.has(source)) {
    const fix = suggestWord(source, [...sources.keys()])
    faults.push({ path: ['source'], message: 'there is no such source', fix })
  }
  const known = connections.get(connection)
  if (known === undefined) {
    const message = `there is no GitHub connection ${connection} with credentials`
    const fix = connection === 'main' ? MAIN_FIX : suggestWord(connection, [...connections.keys()])
    return [...faults, { path: ['connection'], message, fix }]
  }
  const outside = repositories.findIndex((glob) => !reaches(glob, known.repositories))
  if (outside === -1) return faults
  const message = `is outside the \`repositories\` of GitHub connection ${connection}, which are ${known.repositories.join(', ')}`
  const fix = `Correct it, or add it to github.${connection}.repositories.`
  return [...faults, { path: ['repositories', outside], message, fix }]
}

const MAIN_FIX = 'Set GITHUB_TOKEN, or GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY.'

/** Returns whether a glob can name a repository of the list. A glob of both sides is taken for one that can. */
function reaches(glob: string, globs: readonly string[]): boolean {
  const wanted = glob.toLowerCase()
  const listed = globs.map((each) => each.toLowerCase())
  return listed.some((each) => each === wanted || matchesGlob(each, wanted) || matchesGlob(wanted, each))
}
