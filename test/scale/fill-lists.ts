/** The numbers that the tables are filled with. */
export interface FillOptions {
  /** A subquery whose column `i` counts from 1: one event each, a second apart. */
  numbers: string
  /** The raw body of every event, as SQL writes bytes. */
  raw: string
  /** When the first event came, in Unix ms. */
  began: number
}

/** The statements that fill the tables: every second event has a delivery, of which one in a hundred has failed. */
export function fillLists({ numbers, raw, began }: FillOptions): string[] {
  const alias = "case n.i % 3 when 0 then 'production' when 1 then 'staging' else null end"
  const status = "case n.i % 2 when 0 then 'matched' else 'unmatched' end"
  const text = `'{"title":"title of ' || n.i || '","model":null,"change":{},"extra":{"padding":"${'x'.repeat(900)}"}}'`
  const context = '\'{"flat":{},"dispatch_type":null,"hint":null,"secret":0,"drop_in":null}\''
  return [
    `insert into events (seq, id, source, type, kind, status, received_at, accepted_at, event, context, raw, place, model, alias)
      select n.i, 'evt_' || n.i, case n.i % 5 when 0 then 'other' else 'wandb' end, 'ADD_ARTIFACT_ALIAS', 'alias.added',
        ${status}, ${began} + n.i * 1000, ${began} + n.i * 1000, ${text}, ${context}, ${raw}, null, 'model-' || (n.i % 1000), ${alias}
      from ${numbers} as n`,
    `insert into deliveries (id, event_id, automation, revision, position, type, target, lane, subject, slot, place,
        dedupe_key, ordered, supersede, head, status, redeliveries, counted_attempts, attempts, due_at, created_at, ended_at)
      select 'dlv_' || n.i, 'evt_' || n.i, 'automation-' || (n.i % 50), 'rev', 0, 'repository_dispatch',
        'acme/repo-' || (n.i % 50), 'lane', 's' || n.i, 's' || n.i, n.i, 'd', 1, 'never', 0,
        case n.i % 200 when 0 then 'failed' else 'succeeded' end, 0, 1, 1, 0, ${began} + n.i * 1000, ${began} + n.i * 1000
      from ${numbers} as n where n.i % 2 = 0 order by n.i`,
  ]
}
