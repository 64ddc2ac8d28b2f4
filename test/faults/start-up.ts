import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteStore } from '../../receiver/store/sqlite/open.ts'
import { request } from '../support/http.ts'
import { ReceiverProcess } from '../support/receiver-process.ts'
import { DEPLOY_CONFIG } from '../support/scene.ts'
import { WANDB_SECRET } from '../support/send.ts'
import { freePort } from '../support/free-port.ts'

const POLL_MS = 3

/**
 * Starts a receiver on a store with so many events, each with a delivery: all succeeded but the last `waiting` ones.
 * Gives how long it took from the start of the process to the first 200 of `/readyz`, ms.
 */
export async function startUpWith(events: number, waiting: number): Promise<number> {
  const data_dir = mkdtempSync(join(tmpdir(), 'model-dispatch-full-'))
  const port = await freePort()
  const receiver = new ReceiverProcess({
    config: DEPLOY_CONFIG,
    github_url: 'http://127.0.0.1:9',
    data_dir,
    env: { WANDB_WEBHOOK_SECRET: WANDB_SECRET, PORT: String(port) },
  })
  try {
    await (await openSqliteStore(data_dir)).close()
    if (events > 0) fill(data_dir, events, waiting)
    const began = performance.now()
    void receiver.launch()
    const url = `http://127.0.0.1:${port}/readyz`
    const ready = () =>
      request(url)
        .then(({ status }) => status === 200)
        .catch(() => false)
    while (!(await ready())) await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    return Math.round(performance.now() - began)
  } finally {
    await receiver.remove()
    rmSync(data_dir, { recursive: true, force: true })
  }
}

/** Writes the rows by SQL: taking a million events in would take minutes. */
function fill(data_dir: string, events: number, waiting: number): void {
  const db = new DatabaseSync(join(data_dir, 'model-dispatch.sqlite'))
  db.exec('pragma synchronous = off; begin')
  const numbers = `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${events})`
  const now = Date.now()
  const event = JSON.stringify({ id: 'evt', padding: 'x'.repeat(600) })
  db.exec(`insert into revisions values ('rev_1', 'deploy-production', '{}', ${now})`)
  db.exec(
    `insert into lanes values ('lane', 1, 0, 0, ${now + 3_600_000}, 'limited', 'full', 1, 0, '[]', '', ${now}, null)`,
  )
  db.exec(`${numbers} insert into events (id, source, type, kind, status, received_at, accepted_at, event, context, raw)
    select 'evt_' || i, 'wandb', 'ADD_ARTIFACT_ALIAS', 'alias.added', 'matched', ${now} - i, ${now} - i, '${event}', '{}', x'7b7d'
    from n`)
  db.exec(`${numbers} insert into deliveries (id, event_id, automation, revision, position, type, target, lane,
      subject, slot, place, dedupe_key, ordered, supersede, head, status, redeliveries, counted_attempts, attempts, due_at, created_at, ended_at)
    select 'dlv_' || i, 'evt_' || i, 'deploy-production', 'rev_1', 0, 'repository_dispatch', 'acme/serving', 'lane',
      printf('%032x', i), printf('%032x', i), i, '', 1, 'retrying', i > ${events - waiting},
      case when i > ${events - waiting} then 'pending' else 'succeeded' end, 0, 1, 1, ${now}, ${now},
      case when i > ${events - waiting} then null else ${now} end from n`)
  db.exec(`${numbers} insert into known select i, 0, cast('evt_' || i as blob), ${now} from n`)
  db.exec('commit')
  db.close()
}
