import type { Config } from '../config/config.ts'
import type { Environment } from '../config/environment/environment.ts'
import type { DestinationType } from '../destinations/destination.ts'
import { Examiner } from '../github/examiner.ts'
import { reasonOf } from '../observe/reason-of.ts'
import { advice, type Finding } from './finding.ts'
import { examineRepository } from './repository.ts'
import { startsOf, type Start } from './starts.ts'
import { examineStore } from './store.ts'
import { examineEnvironment, examinePublicUrl } from './surroundings.ts'
import { examineListeners, examineStarted } from './examine-workflows.ts'

/** How long one repository may take, in ms. */
const REPOSITORY_MS = 60_000

/** The objects of an examination. */
export interface Patient {
  environment: Environment
  config: Config
  types: ReadonlyMap<string, DestinationType>
  /** Unix ms. */
  now: () => number
}

/** Examines everything and returns what was found, each finding once. Starts, sends and changes nothing. */
export async function examine({ environment, config, types, now }: Patient): Promise<Finding[]> {
  const findings = [
    ...examineEnvironment(environment, config),
    ...(await surely('the store', () => examineStore(environment))),
    ...(await surely('PUBLIC_URL', () => examinePublicUrl(environment.public_url))),
  ]
  for (const starts of grouped(startsOf(config.automations, types))) {
    const [{ owner, repo } = { owner: '', repo: '' }] = starts
    findings.push(...(await surely(`${owner}/${repo}`, () => examineStarts(config, starts, now))))
  }
  const seen = new Map(findings.map((finding) => [JSON.stringify(finding), finding]))
  return [...seen.values()]
}

/** Whatever one part comes upon, the others are examined too. */
async function surely(about: string, part: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await part()
  } catch (error) {
    const fix = 'Run doctor again; if it says so again, report it as a fault of this program.'
    return [advice(about, `It could not be examined: ${reasonOf(error)}.`, fix)]
  }
}

/** Groups what goes to one repository by one connection, dispatches apart from workflows that are started by name. */
function grouped(starts: readonly Start[]): Start[][] {
  const groups = new Map<string, Start[]>()
  for (const start of starts) {
    const { connection, owner, repo, workflow } = start
    const key = JSON.stringify([
      connection,
      `${owner}/${repo}`.toLowerCase(),
      workflow?.name ?? null,
      workflow?.ref,
    ])
    groups.set(key, [...(groups.get(key) ?? []), start])
  }
  return [...groups.values()]
}

async function examineStarts(
  { connections }: Config,
  starts: Start[],
  now: () => number,
): Promise<Finding[]> {
  const [first] = starts
  const connection = connections.get(first?.connection ?? '')
  if (first === undefined || connection === undefined) return []
  const github = new Examiner(connection, now)
  const signal = AbortSignal.timeout(REPOSITORY_MS)
  const question = { owner: first.owner, repo: first.repo, workflow: first.workflow?.name ?? null }
  const { findings, found } = await examineRepository(github, question, { signal, now: now() })
  if (found === null) return findings
  const visit = { github, question, found, signal }
  if (first.workflow === null) return [...findings, ...(await examineListeners(visit, starts))]
  for (const start of starts) findings.push(...(await examineStarted(visit, start)))
  return findings
}
