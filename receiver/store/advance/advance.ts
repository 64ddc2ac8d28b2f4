import type { Tx } from '../db.ts'
import type { Advance, Advanced } from '../records.ts'
import { promote } from '../tables/heads.ts'
import { freeLanes, lockedLanes, NEVER } from '../tables/lanes.ts'
import { claimAll, lookAt, type Looked } from './claim.ts'
import { belongings, decideAll, finishing, inTurns, readClaims, together, type Decided } from './finish.ts'
import { LaneBook } from './lane-book.ts'
import { endOverdue, overdue, splitOverdue, type Ended, type Overdue } from './overdue.ts'

/**
 * The engine's heartbeat: see `Operations.advance`. Every touched subject is promoted once, after all that changes
 * deliveries; every touched lane is written once, at the end. Where nothing but successes is reported and nothing is
 * overdue, that takes 4 messages, and 2 where nothing is reported.
 */
export async function advance(tx: Tx, args: Advance): Promise<Advanced> {
  const { finished } = args
  const lanes = new LaneBook()
  const ids = finished.map(({ delivery_id }) => delivery_id)
  const first = args.capacity === 0 ? [] : lookAt(tx, args.lanes)
  const [late, now, ...look] = await tx.batch([
    overdue(tx.now),
    belongings(ids),
    ...(ids.length > 0 ? [] : first),
  ])
  const all = splitOverdue(late)
  const changed = [...finished, ...now, ...all.lost, ...all.expired]
  if (changed.length === 0)
    return claim(tx, { args, lanes, unseen: args.lanes, look: look as unknown as Looked }, NOTHING)

  const names = [...new Set(changed.map(({ lane }) => lane))]
  const [rows, , claims] = await tx.batch([
    // Who looked at lanes that are due holds them: waiting for others too, two replicas would wait in a circle.
    look.length > 0 ? freeLanes(names) : lockedLanes(names),
    tx.locking({ subjects: changed.map(({ subject }) => subject) }),
    readClaims(ids),
  ])
  for (const row of rows) lanes.open(row)
  const found = look.length > 0 ? within(all, new Set(rows.map(({ lane }) => lane))) : all
  const decided = decideAll(tx, { results: finished, claims, lanes })
  const { done, look: next, unseen } = await write(tx, { args, lanes, decided, found })
  return claim(tx, { args, lanes, unseen, look: next }, done)
}

/** Returns what is overdue in these lanes: the rest waits for the next heartbeat. */
function within({ lost, expired }: Overdue, held: ReadonlySet<string>): Overdue {
  const isHeld = ({ lane }: { lane: string }) => held.has(lane)
  return { lost: lost.filter(isHeld), expired: expired.filter(isHeld) }
}

type Done = Pick<Advanced, 'consequences' | 'given_up' | 'superseded'>
const NOTHING: Done = { consequences: [], given_up: [], superseded: [] }

/** Writes what attempts showed, and ends what is overdue. Returns what can be claimed then. */
async function write(
  tx: Tx,
  { args, lanes, decided, found }: { args: Advance; lanes: LaneBook; decided: Decided; found: Overdue },
): Promise<{ done: Done; look: Looked; unseen: readonly string[] }> {
  const turns = inTurns(decided)
  const before = []
  for (const turn of turns.slice(0, -1)) {
    const { calls, end } = finishing(tx, turn)
    before.push(await end(await tx.batch(calls)))
  }
  const { calls, end } = finishing(tx, turns.at(-1) ?? decided)
  const isSimple = decided.waiting.length === 0 && found.lost.length === 0 && found.expired.length === 0
  const wanted = [...args.lanes, ...lanes.ready(tx.now)]
  const written = await tx.batch([...calls, ...(isSimple && args.capacity > 0 ? lookAt(tx, wanted) : [])])
  const { consequences, superseded, promoted, subjects } = together([...before, await end(written)])
  if (isSimple) {
    const unseen = [...args.lanes, ...promoted]
    const isSeen = args.capacity === 0 || promoted.every((lane) => wanted.includes(lane))
    const look = isSeen ? written.slice(calls.length) : await tx.batch(lookAt(tx, [...wanted, ...promoted]))
    const done = { consequences, superseded, given_up: [] }
    return { done, look: look as unknown as Looked, unseen }
  }
  const ended = await endAll(tx, found, lanes)
  const more = await promote(tx, [
    ...decided.waiting,
    ...subjects,
    ...ended.changed.map(({ subject }) => subject),
  ])
  const unseen = [...args.lanes, ...promoted, ...more]
  const looking = args.capacity === 0 ? [] : lookAt(tx, [...unseen, ...lanes.ready(tx.now)])
  const look = (await tx.batch(looking)) as unknown as Looked
  return { done: { consequences, superseded, given_up: ended.given_up }, look, unseen }
}

async function endAll(tx: Tx, found: Overdue, lanes: LaneBook): Promise<Ended> {
  const ended = await endOverdue(tx, found)
  for (const { lane } of ended.changed) lanes.held(lane)
  return ended
}

interface Claiming {
  args: Advance
  lanes: LaneBook
  /** Lanes that must be looked at. */
  unseen: readonly string[]
  look: Looked
}

/** Claims what the lanes allow, writes them, and ends the transaction. */
async function claim(tx: Tx, { args, lanes, unseen, look }: Claiming, done: Done): Promise<Advanced> {
  const { claimed, blocked_ms, missed, next } = await claimAll(tx, { args, lanes, look, unseen })
  const waits_ms = next >= NEVER ? Infinity : Math.max(0, next - tx.now)
  const wait_ms = missed.length > 0 ? 0 : waits_ms
  return { ...done, claimed, blocked_ms, missed, wait_ms }
}
