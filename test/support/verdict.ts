/** One webhook that was sent, and what came back. */
export interface Sent {
  model: string
  /** Versions of one model are sent one after the other: v1, v2, … */
  version: number
  /**
   * `refused`: a 503, or nobody listened. `unknown`: the connection broke before an answer. `duplicate`: a 200, though
   * nothing is sent twice.
   */
  outcome: 'accepted' | 'duplicate' | 'refused' | 'unknown'
  event_id: string | null
}

/** A dispatch as the stand-in GitHub took it. */
export interface Dispatched {
  event_id: string
  delivery_id: string
  model: string
  version: number
}

/** A delivery as the receiver tells of it. */
export interface Kept {
  id: string
  event_id: string
  status: string
}

export interface Evidence {
  sent: readonly Sent[]
  dispatched: readonly Dispatched[]
  kept: readonly Kept[]
  /** What the stand-in found wrong with requests. */
  violations: readonly string[]
  /** How many dispatches may be there twice: what was in flight at every fault. */
  duplicates_allowed: number
  /** Whether a 503 may have been stored all the same: a store that dies while it commits leaves that open. */
  refused_may_be_stored?: boolean
}

export interface Verdict {
  accepted: number
  /** Accepted ones that were dispatched, or gave way to a newer one that was. */
  acted: number
  superseded: number
  duplicates: number
  refused: number
  /** Sent, but the connection broke before an answer. */
  unknown: number
  /** Everything that must not be, in words; empty when all is well. */
  problems: string[]
}

/**
 * Whether accepted is acted: every event that got a 202 was dispatched, or gave way to a newer one of its subject that
 * was; in order; nothing twice beyond what the faults explain; nothing that was turned away.
 */
export function judge(evidence: Evidence): Verdict {
  const { sent, dispatched, kept, violations, duplicates_allowed } = evidence
  const accepted = sent.filter(({ outcome }) => outcome === 'accepted')
  const acts = accepted.map((event) => ({ event, act: whatBecameOf(event, evidence) }))
  const distinct = new Set(dispatched.map(({ delivery_id }) => delivery_id)).size
  const duplicates = dispatched.length - distinct
  const problems = [
    ...acts.flatMap(({ event, act }) =>
      act.problem === null ? [] : [`${event.model} v${event.version}: ${act.problem}`],
    ),
    ...sent
      .filter(({ outcome }) => outcome === 'duplicate')
      .map(nameOf('is new, but was called a duplicate')),
    ...orderProblems(sent, dispatched),
    ...strangers(evidence),
    ...unfinished(kept),
    ...(duplicates > duplicates_allowed
      ? [`${duplicates} dispatches came twice; the faults explain ${duplicates_allowed}`]
      : []),
    ...violations.map((violation) => `GitHub would not have liked it: ${violation}`),
  ]
  return {
    accepted: accepted.length,
    acted: acts.filter(({ act }) => act.problem === null).length,
    superseded: acts.filter(({ act }) => act.superseded).length,
    duplicates,
    refused: count(sent, 'refused'),
    unknown: count(sent, 'unknown'),
    problems,
  }
}

/** The verdict in one line. */
export function inWords({ accepted, acted, superseded, duplicates, refused, unknown }: Verdict): string {
  return (
    `accepted ${accepted}, acted ${acted} (${superseded} superseded), twice ${duplicates}, ` +
    `refused ${refused}, unanswered ${unknown}`
  )
}

function whatBecameOf(
  { event_id, model, version }: Sent,
  { kept, dispatched }: Evidence,
): { superseded: boolean; problem: string | null } {
  const delivery = kept.find((one) => one.event_id === event_id)
  if (delivery === undefined) return { superseded: false, problem: 'got a 202, but is not in the store' }
  switch (delivery.status) {
    case 'succeeded': {
      const arrived = dispatched.some(({ delivery_id }) => delivery_id === delivery.id)
      return { superseded: false, problem: arrived ? null : 'is called succeeded, but never arrived' }
    }
    case 'superseded': {
      const newer = dispatched.some((one) => one.model === model && one.version > version)
      return { superseded: true, problem: newer ? null : 'gave way, but nothing newer was dispatched' }
    }
    default:
      return { superseded: false, problem: `got a 202, but is ${delivery.status}` }
  }
}

/** Per model: nothing older after something newer, and what was dispatched last is what was accepted last. */
function orderProblems(sent: readonly Sent[], dispatched: readonly Dispatched[]): string[] {
  const problems: string[] = []
  const newest = new Map<string, number>()
  for (const { model, version } of dispatched) {
    const before = newest.get(model) ?? 0
    if (version < before) problems.push(`${model}: v${version} was dispatched after v${before}`)
    newest.set(model, Math.max(before, version))
  }
  const last = new Map<string, number>()
  for (const { model, version, outcome } of sent) if (outcome === 'accepted') last.set(model, version)
  for (const [model, version] of last) {
    const arrived = dispatched.findLast((one) => one.model === model)?.version ?? 0
    if (arrived < version)
      problems.push(`${model}: v${version} was accepted last, but v${arrived} was dispatched last`)
  }
  return problems
}

/** Dispatches of what was turned away, or never sent. */
function strangers({ sent, dispatched, refused_may_be_stored = false }: Evidence): string[] {
  const known = new Map(sent.map((one) => [`${one.model} v${one.version}`, one.outcome]))
  return dispatched.flatMap(({ model, version }) => {
    const outcome = known.get(`${model} v${version}`)
    if (outcome === undefined) return [`${model} v${version} was dispatched, but never sent`]
    if (outcome === 'refused' && !refused_may_be_stored)
      return [`${model} v${version} was refused, but dispatched`]
    return []
  })
}

function unfinished(kept: readonly Kept[]): string[] {
  const open = kept.filter(({ status }) => status === 'pending' || status === 'delivering')
  return open.length === 0 ? [] : [`${open.length} deliveries are unfinished`]
}

const nameOf = (what: string) => (one: Sent) => `${one.model} v${one.version} ${what}`

const count = (sent: readonly Sent[], outcome: Sent['outcome']) =>
  sent.filter((one) => one.outcome === outcome).length
