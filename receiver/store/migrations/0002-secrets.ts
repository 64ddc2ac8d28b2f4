import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'

/** Secrets that are stored under a name. Their own key ids tell under which key they are, so the check value goes. */
export async function up(db: Kysely<unknown>, { types }: Dialect): Promise<void> {
  const { integer, bytes } = types
  const run = (text: string) => sql.raw(text).execute(db)
  await run(`create table secrets (
    name text primary key, hosts text not null, key_id text not null, sealed ${bytes} not null,
    created_at ${integer} not null, updated_at ${integer} not null, last_used_at ${integer})`)
  await run("delete from facts where key = 'secrets_key_check'")
}
