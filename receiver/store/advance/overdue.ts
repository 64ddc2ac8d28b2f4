import type { Tx } from '../db.ts'
import { jsonText } from '../json-text.ts'
import type { GivenUp } from '../records.ts'
import { statement } from '../statement.ts'
import { insertAttempts } from '../tables/attempts.ts'
import { expire, isLost, reclaim, type Belonging } from '../tables/deliveries.ts'
import { EXPIRED, LOST, LOST_TOO_OFTEN } from '../tables/delivery-errors.ts'
import { noteGivenUp } from './give-up.ts'

/** Rows changed in one go, so that housekeeping never holds up ingest. */
const BATCH = 500

/** Deliveries whose lease or time ran out. They are found without any lock, so what changes them must ask again. */
export interface Overdue {
  lost: readonly Belonging[]
  expired: readonly Belonging[]
}

/** The changes to overdue deliveries. */
export interface Ended {
  /** The deliveries that were changed. */
  changed: readonly Belonging[]
  given_up: GivenUp[]
}

const BELONGING = ['id', 'lane', 'subject'] as const

/** Finds deliveries whose lease or time has run out by the first value, at most 500 of each. */
export const overdue = statement<Belonging & { status: string }>(
  'overdue',
  ({ at }) => `select * from (select id, lane, subject, status from deliveries
      where status = 'delivering' and lease_until <= ${at(1)} limit ${BATCH}) as lost
    union all select * from (select id, lane, subject, status from deliveries
      where status = 'pending' and expires_at is not null and expires_at <= ${at(1)} limit ${BATCH}) as expired`,
)

/** Tells what `overdue` found apart. */
export function splitOverdue(rows: readonly (Belonging & { status: string })[]): Overdue {
  return {
    lost: rows.filter(({ status }) => status === 'delivering'),
    expired: rows.filter(({ status }) => status === 'pending'),
  }
}

/** Reclaims what lost workers held and expires what has waited too long. The caller holds the locks. */
export async function endOverdue(tx: Tx, { lost, expired }: Overdue): Promise<Ended> {
  const reclaimed = await reclaimAll(tx, lost, tx.now)
  const changed = expired.length === 0 ? [] : await expire(tx, idsOf(expired))
  const given_up = await noteGivenUp(tx, idsOf(changed), { status: 'expired', error: EXPIRED })
  return {
    changed: [...reclaimed.changed, ...changed],
    given_up: [...reclaimed.given_up, ...given_up],
  }
}

/** Finds deliveries that are under way, whatever their lease, at most 500. */
export async function findUnderWay({ db }: Tx): Promise<Belonging[]> {
  return db.selectFrom('deliveries').select(BELONGING).where(isLost(EVER)).limit(BATCH).execute()
}

/** Later than any lease. */
const EVER = Number.MAX_SAFE_INTEGER

/** Reclaims deliveries under way, whatever their lease: nobody else is there. */
export async function reclaimUnderWay(tx: Tx, under_way: readonly Belonging[]): Promise<Ended> {
  return reclaimAll(tx, under_way, EVER)
}

/**
 * Reclaims deliveries and keeps the lost attempt of each. Such a delivery failed by nobody's answer, so no newer event
 * supersedes it: after a kill every event is sent.
 */
async function reclaimAll(tx: Tx, lost: readonly Belonging[], leased_until: number): Promise<Ended> {
  if (lost.length === 0) return { changed: [], given_up: [] }
  const changed = await reclaim(tx, { ids: idsOf(lost), leased_until })
  const attempts = changed.map(({ id, attempts }) => ({
    delivery_id: id,
    number: attempts,
    at: tx.now,
    duration_ms: 0,
    status: null,
    class: LOST.class,
    error: LOST.message,
    request: jsonText({}),
    response: null,
  }))
  await tx.batch([insertAttempts(attempts)])
  const used_up = changed.filter(({ status }) => status === 'failed')
  const given_up = await noteGivenUp(tx, idsOf(used_up), { status: 'failed', error: LOST_TOO_OFTEN })
  return { changed, given_up }
}

const idsOf = (rows: readonly { id: string }[]) => rows.map(({ id }) => id)
