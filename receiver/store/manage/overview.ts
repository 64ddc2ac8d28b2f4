import { sql } from 'kysely'
import type { Tx } from '../db.ts'
import { UNFINISHED } from '../tables/literals.ts'
import type { Overview, OverviewArgs } from '../views.ts'

/** Returns what came in and how deliveries ended, by the hour, and what waits: each number from an index alone. */
export async function overview({ db }: Tx, { hours, hour_ms, most_failed }: OverviewArgs): Promise<Overview> {
  const counted = hours.map((at) => hourOf(at, at + hour_ms))
  const union = sql.join(counted, sql` union all `)
  const { rows } = await sql<Overview['hours'][number]>`${union}`.execute(db)
  const waiting = await db
    .selectFrom('deliveries')
    .select(({ fn }) => [fn.countAll<number>().as('n'), fn.min('created_at').as('oldest')])
    .where(UNFINISHED)
    .executeTakeFirstOrThrow()
  const failed = db.selectFrom('deliveries').select('seq').where('status', '=', 'failed')
  const dead = await db
    .selectFrom(failed.where('ended_at', 'is not', null).limit(most_failed).as('failed'))
    .select(({ fn }) => fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow()
  return {
    hours: rows.toSorted((one, other) => one.at - other.at),
    waiting: waiting.n,
    oldest_waiting_at: waiting.oldest,
    dead_letters: dead.n,
  }
}

/** The numbers of one hour. The ids of events begin with their time, so the index of ids has the events of an hour together. */
function hourOf(from: number, until: number) {
  const id = (ms: number) => `evt_${ms.toString(16).padStart(12, '0')}`
  const ended = (status: string) => sql`(select count(*) from deliveries where status = ${sql.lit(status)}
    and ended_at is not null and ended_at >= ${from} and ended_at < ${until})`
  return sql`select cast(${from} as bigint) as at,
    (select count(*) from events where id >= ${id(from)} and id < ${id(until)}) as events,
    ${ended('succeeded')} as succeeded, ${ended('failed')} as failed`
}
