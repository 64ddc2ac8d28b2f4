import { sql, type Kysely } from 'kysely'
import type { Dialect } from '../db.ts'

/** Makes the first tables. Every list filter and every look-up of the engine has its index. */
export async function up(db: Kysely<unknown>, { types }: Pick<Dialect, 'types'>): Promise<void> {
  const create = (text: string) => sql.raw(text).execute(db)
  await createEvents(create, types)
  await createDeliveries(create, types)
  await createLanes(create, types)
}

type Create = (text: string) => Promise<unknown>
type Types = Dialect['types']

async function createEvents(create: Create, { sequence, integer, bytes, keyed }: Types): Promise<void> {
  await create(`create table events (
    seq ${sequence}, id text not null unique, source text not null, type text not null, kind text not null,
    status text not null, received_at ${integer} not null, accepted_at ${integer} not null, event text not null, context text not null,
    raw ${bytes} not null, place ${integer})`)
  await create('create index events_by_source on events (source, seq)')
  await create('create index events_by_type on events (type, seq)')
  await create('create index events_by_kind on events (kind, seq)')
  await create('create index events_by_status on events (status, seq)')
  await create('create index events_by_age on events (status, accepted_at)')

  await create(`create table known (
    model ${integer} not null, what ${integer} not null, value ${bytes} not null, until ${integer},
    primary key (model, what)) ${keyed}`)
  await create(
    `create table slots (slot text primary key, place ${integer} not null, noted_at ${integer} not null) ${keyed}`,
  )
  await create('create index slots_by_age on slots (noted_at)')
  await create(`create table revisions (
    id text primary key, automation text not null, spec text not null, created_at ${integer} not null)`)
}

async function createDeliveries(create: Create, { sequence, integer }: Types): Promise<void> {
  await create(`create table deliveries (
    seq ${sequence}, id text not null unique, event_id text not null, automation text not null,
    revision text not null, position integer not null, type text not null, target text not null,
    lane text not null, subject text not null, slot text not null, place ${integer} not null, dedupe_key text not null, ordered integer not null,
    supersede text not null, head integer not null, status text not null, redeliveries integer not null, counted_attempts integer not null,
    attempts integer not null, due_at ${integer} not null, lease text, lease_until ${integer},
    created_at ${integer} not null, ended_at ${integer}, expires_after ${integer}, expires_at ${integer}, error text, replay_of text)`)
  // The engine's own look-ups: each touches only what can be claimed, waits in its subject, or is under way.
  await create(
    "create index deliveries_due on deliveries (lane, due_at) where head = 1 and status = 'pending'",
  )
  await create(
    "create index deliveries_turns on deliveries (lane, target, due_at) where head = 1 and status = 'pending'",
  )
  await create(
    "create index deliveries_waiting on deliveries (subject, head, place, seq) where status in ('pending', 'delivering')",
  )
  await create(`create index deliveries_replaceable on deliveries (slot, place)
    where status = 'pending' and (supersede = 'waiting' or (supersede = 'retrying' and counted_attempts > 0))`)
  // Only subjects with several slots need it: in the others `deliveries_waiting` finds what is in the slot.
  await create(
    "create index deliveries_in_slot on deliveries (slot, head, place) where status in ('pending', 'delivering') and slot <> subject",
  )
  await create("create index deliveries_leased on deliveries (lease_until) where status = 'delivering'")
  await create("create index deliveries_in_flight on deliveries (lane) where status = 'delivering'")
  await create(
    "create index deliveries_expiring on deliveries (expires_at) where status = 'pending' and expires_at is not null",
  )
  // Whatever goes wrong elsewhere, one subject never has two deliveries under way.
  await create(
    "create unique index deliveries_one_at_a_time on deliveries (subject) where ordered = 1 and status = 'delivering'",
  )
  await create('create index deliveries_by_event on deliveries (event_id)')
  // Two halves, told apart by ended_at: an index over every status would tempt SQLite's planner away from the
  // engine's own ones, and then a claim costs as much as all that waits.
  await create('create index deliveries_open on deliveries (status, seq) where ended_at is null')
  await create('create index deliveries_ended on deliveries (status, seq) where ended_at is not null')
  await create('create index deliveries_by_automation on deliveries (automation, seq)')
  await create('create index deliveries_by_target on deliveries (target, seq)')
  await create('create index deliveries_by_end on deliveries (status, ended_at) where ended_at is not null')
}

async function createLanes(create: Create, { integer }: Types): Promise<void> {
  await create(`create table attempts (
    delivery_id text not null, number integer not null, at ${integer} not null, duration_ms integer not null,
    status integer, class text not null, error text, request text not null, response text,
    primary key (delivery_id, number))`)
  await create(`create table lanes (
    lane text primary key, concurrency integer not null, interval_ms ${integer} not null,
    next_at ${integer} not null, paused_until ${integer} not null, pause text, pause_message text,
    pauses integer not null, streak integer not null, streak_subjects text not null,
    cursor text not null, wake_at ${integer} not null, moved_to text)`)
  await create('create index lanes_by_wake_time on lanes (wake_at)')
  await create('create table facts (key text primary key, value text not null)')
}
