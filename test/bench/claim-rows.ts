import { modelEvent } from '../action/events.ts'
import { promotion } from './load/ring.ts'
import { storedDelivery, storedEvent } from '../support/events.ts'
import { jsonText } from '../../receiver/store/json-text.ts'
import type { Store } from '../../receiver/store/store.ts'

/** What the two engines say differently, and their database itself. */
export interface Dialect {
  execute: (text: string) => void | Promise<void>
  columns: (table: string) => Promise<string[]>
  /** An expression that gives so many random bytes in hex. */
  randomHex: (bytes: number) => string
  /** `create temporary table` with a column `n` from 1 to `count`, and these further ones. */
  numbers: (table: string, count: number, further: string) => string
}

/** Repositories that the deliveries go to, in turn; all of them in one lane. */
const TARGETS = 100

/**
 * Fills an empty store with deliveries that wait: for every model one that may be claimed and one behind it that may
 * not yet. The first two go through `accept`; the others are copies of their rows in every table, with ids,
 * models and repositories of their own.
 */
export async function acceptFirstTwo(store: Store): Promise<void> {
  const spec = jsonText({ destinations: [{ type: 'repository_dispatch', repository: 'acme/serving' }] })
  await store.saveRevisions({ revisions: [{ id: 'rev_1', automation: 'deploy', spec }], now: Date.now() })
  const events = ['head', 'behind'].map((place) =>
    storedEvent({
      id: `evt_${place}`,
      event: jsonText(modelEvent({ id: `evt_${place}` })),
      context: {
        flat: promotion('resnet50'),
        dispatch_type: null,
        client_payload: null,
        drop_in: null,
        hint: null,
        secret: 0,
      },
      raw: Buffer.from(JSON.stringify(promotion('resnet50'))),
      holder: { key: `holder-${place}`, version: 'v3' },
      deliveries: [
        storedDelivery({
          id: `dlv_${place}`,
          subject: 'subject',
          slot: 'subject',
          policy: { concurrency: 1, interval_ms: 0 },
        }),
      ],
    }),
  )
  await store.accept({ now: Date.now(), events })
}

/** The statements that make `waiting` deliveries of those two. */
export async function copyThem(dialect: Dialect, waiting: number): Promise<void> {
  const { execute, randomHex } = dialect
  const models = Math.round(waiting / 2)
  const further = ['head_event', 'head_delivery', 'behind_event', 'behind_delivery', 'subject']
    .map((name) => `${randomHex(15)} as ${name}`)
    .join(', ')
  await execute(dialect.numbers('models', models, further))
  for (const place of ['head', 'behind']) {
    const event = `'evt_' || models.${place}_event`
    await copy(dialect, 'events', `t.id = 'evt_${place}'`, {
      id: event,
      event: `replace(t.event, 'evt_${place}', ${event})`,
    })
    await copy(dialect, 'deliveries', `t.id = 'dlv_${place}'`, {
      id: `'dlv_' || models.${place}_delivery`,
      event_id: event,
      subject: 'models.subject',
      slot: 'models.subject',
      target: `t.target || '-' || (models.n % ${TARGETS})`,
      // In their order, and all of them due.
      due_at: `t.due_at - ${models} + models.n`,
    })
  }
  await execute('drop table models')
}

/** One row into as many as there are models. `seq` is left to the database. */
async function copy(
  { execute, columns }: Dialect,
  table: string,
  which: string,
  own: Readonly<Record<string, string>>,
): Promise<void> {
  const names = (await columns(table)).filter((name) => name !== 'seq')
  const values = names.map((name) => own[name] ?? `t.${name}`)
  await execute(
    `insert into ${table} (${names.join(', ')}) select ${values.join(', ')} from models, ${table} t where ${which} order by models.n`,
  )
}
