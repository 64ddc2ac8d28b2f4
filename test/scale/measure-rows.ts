/**
 * What a delivered event costs PostgreSQL: rows, bytes, write-ahead log. `npm run measure-rows -- [deliveries]`
 * starts a server of its own where PostgreSQL is installed. Prints Markdown.
 */
import pg from 'pg'
import { encodeClientPayload } from '../../src/contract/client-payload.ts'
import { newDeliveryId, newEventId } from '../../receiver/deliveries/ids.ts'
import { sha256Hex } from '../../receiver/sources/identity.ts'
import { jsonText, parse } from '../../receiver/store/json-text.ts'
import type { Claimed, Finished } from '../../receiver/store/records.ts'
import { openPostgresStore } from '../../receiver/store/postgres/open.ts'
import type { Store } from '../../receiver/store/store.ts'
import { finishedAttempt } from '../support/attempts.ts'
import { postgresPrograms, startPostgres } from '../support/postgres.ts'
import { newEvent, REVISION } from './new-event.ts'
import { scenarioOf } from './scenario.ts'
import { makeTraffic } from './traffic.ts'

/** Accepted in one transaction: what arrives in a busy second. */
const GROUP = 16
const TABLES = ['events', 'deliveries', 'attempts', 'known', 'slots']

interface Counters {
  wal_bytes: number
  commits: number
}

const deliveries = Number(process.argv[2] ?? 5_000)
const programs = postgresPrograms()
if (programs === null) throw new Error('PostgreSQL is not installed here: sudo apt-get install postgresql')
const server = await startPostgres(programs)
try {
  await measure(server.createDatabase('scale'))
} finally {
  await server.stop()
}

async function measure(url: string): Promise<void> {
  const store = await openPostgresStore(url, { clock: 'caller' })
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await store.saveRevisions({ revisions: [REVISION], now: 0 })
  const start = await counters(client)
  const accept_ms = await timed(() => acceptAll(store))
  const accepted = await counters(client)
  const advances = { calls: 0 }
  const advance_ms = await timed(() => deliverAll(store, advances))
  const end = await counters(client)
  console.log(await report(client, { start, accepted, end, accept_ms, advance_ms, advances: advances.calls }))
  await client.end()
  await store.close()
}

async function acceptAll(store: Store): Promise<void> {
  const scenario = scenarioOf({ events: deliveries, teams: 50, repositories: 5_000 })
  const { webhooks, teams } = makeTraffic(scenario)
  for (let from = 0; from < webhooks.length; from += GROUP) {
    const group = webhooks.slice(from, from + GROUP)
    const events = group.map((webhook, i) => {
      const team = teams[webhook.repository] ?? 0
      const policy = { concurrency: 1, interval_ms: 0 }
      return withRealIds(
        newEvent(webhook, {
          ...{ n: from + i, team, supersede: scenario.supersede },
          lane: { name: `lane-${team}`, policy },
        }),
      )
    })
    await store.accept({ now: group.at(-1)?.at ?? 0, events })
  }
}

/** Ids as the receiver makes them: they decide how well an index packs. */
function withRealIds(event: ReturnType<typeof newEvent>): ReturnType<typeof newEvent> {
  const id = newEventId()
  const text = jsonText({ ...parse(event.event), id })
  return {
    ...event,
    id,
    event: text,
    deliveries: event.deliveries.map((d) => ({ ...d, id: newDeliveryId() })),
  }
}

async function deliverAll(store: Store, count: { calls: number }): Promise<void> {
  let finished: Finished[] = []
  for (let now = 86_400_000; ; now += 100) {
    const { claimed } = await store.advance({ now, finished, capacity: 4, lease_ms: 60_000, lanes: [] })
    count.calls += 1
    if (claimed.length === 0 && finished.length === 0) return
    finished = claimed.map((claim) => succeeded(claim, now))
  }
}

/** A dispatch that GitHub took, recorded as the receiver records it. */
function succeeded(claim: Claimed, now: number): Finished {
  const event = parse(claim.event)
  const { id: delivery_id, automation, subject: subject_key, dedupe_key } = claim
  const envelope = { delivery_id, delivery_url: null, automation, parameters: {}, subject_key, dedupe_key }
  const client_payload = encodeClientPayload(event, claim.context.flat, envelope)
  const body = JSON.stringify({ event_type: event.type, client_payload })
  return finishedAttempt(claim, {
    at: now,
    duration_ms: 275,
    request: jsonText({
      method: 'POST',
      url: `https://api.github.com/repos/${claim.target}/dispatches`,
      body,
    }),
    random: Number(`0x${sha256Hex(claim.id).slice(0, 6)}`) / 2 ** 24,
  })
}

interface Measured {
  start: Counters
  accepted: Counters
  end: Counters
  accept_ms: number
  advance_ms: number
  advances: number
}

async function report(client: pg.Client, measured: Measured): Promise<string> {
  const { start, accepted, end, accept_ms, advance_ms, advances } = measured
  const rows = []
  for (const table of TABLES) rows.push(await sizeOf(client, table))
  const each = (bytes: number) => Math.round(bytes / deliveries).toLocaleString('en')
  const sum = rows.reduce((all, { bytes }) => all + bytes, 0)
  const lines = rows.map(
    ({ table, count, bytes, heap }) =>
      `| ${table} | ${count} | ${each(heap)} | ${each(bytes - heap)} | ${each(bytes)} |`,
  )
  return [
    `${deliveries} webhooks, one delivery each, groups of ${GROUP}.`,
    '',
    '| table | rows | data, bytes a webhook | indexes | both |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...lines,
    `| all | | | | ${each(sum)} |`,
    '',
    `Write-ahead log: accept ${each(accepted.wal_bytes - start.wal_bytes)}, deliver ${each(end.wal_bytes - accepted.wal_bytes)} bytes a webhook.`,
    `Transactions: accept ${accepted.commits - start.commits}, deliver ${end.commits - accepted.commits} (${advances} looks).`,
    `Time: accept ${(accept_ms / deliveries).toFixed(2)} ms a webhook, deliver ${(advance_ms / deliveries).toFixed(2)} ms.`,
  ].join('\n')
}

async function sizeOf(client: pg.Client, table: string) {
  const { rows } = await client.query<{ count: string; bytes: string; heap: string }>(
    `select (select count(*) from ${table}) as count, pg_total_relation_size('${table}') as bytes,
       pg_table_size('${table}') as heap`,
  )
  const [row] = rows
  return { table, count: Number(row?.count), bytes: Number(row?.bytes), heap: Number(row?.heap) }
}

async function counters(client: pg.Client): Promise<Counters> {
  // Statistics of other connections arrive within a second.
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  const { rows } = await client.query<{ wal_bytes: string; commits: string }>(
    `select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') as wal_bytes,
       (select xact_commit from pg_stat_database where datname = current_database()) as commits`,
  )
  return { wal_bytes: Number(rows[0]?.wal_bytes), commits: Number(rows[0]?.commits) }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}
