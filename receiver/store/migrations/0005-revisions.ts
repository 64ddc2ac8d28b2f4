import { sql, type Kysely } from 'kysely'

/** Texts of automations that nothing needs any more are deleted: when each was last in force is noted. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const run = (text: string) => sql.raw(text).execute(db)
  await run('alter table revisions rename column created_at to noted_at')
}
