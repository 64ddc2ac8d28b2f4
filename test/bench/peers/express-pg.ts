/** The same endpoint; an event and its delivery go into PostgreSQL in one statement before the answer. */
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { serveEndpoint } from './endpoint.ts'

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 10 })
await pool.query(`
  create table events (
    seq bigserial primary key, id text not null unique, type text not null, received_at bigint not null, body text not null);
  create table deliveries (
    seq bigserial primary key, event_id text not null, target text not null, status text not null, due_at bigint not null);
  create index deliveries_due on deliveries (due_at) where status = 'pending'`)

const INSERT = `
  with event as (
    insert into events (id, type, received_at, body) values ($1, $2, $3, $4) returning id)
  insert into deliveries (event_id, target, status, due_at) select id, 'acme/serving', 'pending', $3 from event`

serveEndpoint(async ({ event_type }, raw) => {
  const id = randomUUID()
  await pool.query({ name: 'insert', text: INSERT, values: [id, event_type, Date.now(), raw.toString()] })
  return { status: 'accepted', id }
})
