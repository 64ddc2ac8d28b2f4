import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'

/** Events that are not matched before their registry was asked. */
export async function up(db: Kysely<unknown>, { types }: Dialect): Promise<void> {
  const { integer, keyed } = types
  const run = (text: string) => sql.raw(text).execute(db)
  await run(`create table lookups (
    event_id text primary key, seq ${integer} not null, source text not null, home text not null,
    required integer not null, force integer not null, tries integer not null, error text,
    accepted_at ${integer} not null, due_at ${integer}, give_up_at ${integer} not null, lease text) ${keyed}`)
  await run('create index lookups_by_home on lookups (home, seq)')
  // An event that waits behind an older one of its model is in none of these.
  await run('create index lookups_due on lookups (source, due_at) where due_at is not null')
  await run('create index lookups_next on lookups (due_at) where due_at is not null')
  await run('create index lookups_overdue on lookups (give_up_at) where due_at is not null')
}
