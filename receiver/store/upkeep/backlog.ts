import type { Tx } from '../db.ts'
import { UNFINISHED } from '../tables/literals.ts'

/** Returns how many deliveries are unfinished, counted up to `most`. */
export async function backlog({ db }: Tx, { most }: { most: number }): Promise<number> {
  const some = db.selectFrom('deliveries').select('id').where(UNFINISHED).limit(most)
  const { n } = await db
    .selectFrom(some.as('some'))
    .select(({ fn }) => fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow()
  return n
}
