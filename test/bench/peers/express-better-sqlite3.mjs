/** The same endpoint; an event and its delivery go into SQLite in one transaction before the answer. */
import { randomUUID } from 'node:crypto'
import process from 'node:process'
import Database from 'better-sqlite3'

const { serveEndpoint } = await import(process.env.ENDPOINT)

const database = new Database(process.env.DATABASE)
database.pragma('journal_mode = wal')
database.pragma('synchronous = full')
database.exec(`
  create table events (
    seq integer primary key, id text not null unique, type text not null, received_at integer not null, body text not null);
  create table deliveries (
    seq integer primary key, event_id text not null, target text not null, status text not null, due_at integer not null);
  create index deliveries_due on deliveries (due_at) where status = 'pending'`)
const event = database.prepare('insert into events (id, type, received_at, body) values (?, ?, ?, ?)')
const delivery = database.prepare(
  "insert into deliveries (event_id, target, status, due_at) values (?, 'acme/serving', 'pending', ?)",
)
const insert = database.transaction((id, type, now, body) => {
  event.run(id, type, now, body)
  delivery.run(id, now)
})

serveEndpoint(({ event_type }, raw) => {
  const id = randomUUID()
  insert.immediate(id, event_type, Date.now(), raw.toString())
  return { status: 'accepted', id }
})
