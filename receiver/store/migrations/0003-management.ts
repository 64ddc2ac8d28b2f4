import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'

/** Automations that are written through the API, the audit log, and what lists are filtered by. */
export async function up(db: Kysely<unknown>, { types }: Dialect): Promise<void> {
  const { integer, sequence } = types
  const run = (text: string) => sql.raw(text).execute(db)
  await run(`create table automations (
    name text primary key, spec text not null, version ${integer} not null,
    created_at ${integer} not null, updated_at ${integer} not null, updated_by text not null)`)
  await run(`create table audit (
    seq ${sequence}, at ${integer} not null, actor text not null, address text, action text not null,
    target text, automation text, details text not null)`)
  await run('create index audit_by_time on audit (at)')
  await run('create index audit_by_actor on audit (actor, seq)')
  await run('create index audit_by_action on audit (action, seq)')
  await run('create index audit_by_target on audit (target, seq)')
  await run('create index audit_by_automation on audit (automation, seq)')
  await run('alter table events add column model text')
  await run('alter table events add column alias text')
  await run('create index events_by_model on events (model, seq) where model is not null')
  await run('create index events_by_alias on events (alias, seq) where alias is not null')
}
