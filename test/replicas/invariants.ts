import type pg from 'pg'

/** What must hold in every committed state, as a query that gives what breaks it. */
const ALWAYS: readonly { query: string; says: string }[] = [
  {
    says: 'a subject with unfinished deliveries has no head, or two',
    query: `select subject as what from deliveries
      where status in ('pending', 'delivering') and ordered = 1
      group by subject having sum(head) <> 1`,
  },
  {
    says: 'an unordered delivery waits without being claimable',
    query: `select id as what from deliveries
      where status in ('pending', 'delivering') and ordered = 0 and head = 0`,
  },
  {
    says: 'a finished delivery is still a head',
    query: `select id as what from deliveries where head = 1 and status not in ('pending', 'delivering')`,
  },
]

/** Checks one committed state; gives what is broken. */
export async function inspect(client: pg.Client): Promise<string[]> {
  const broken: string[] = []
  for (const { query, says } of ALWAYS) {
    const { rows } = await client.query<{ what: string }>(query)
    if (rows[0] !== undefined) broken.push(`${says}: ${rows[0].what}`)
  }
  return broken
}

/** Describes what is unfinished though nothing more comes: which deliveries, and when their lane looks again. */
export async function stuck(client: pg.Client, now: number): Promise<string[]> {
  const { rows } = await client.query<Record<string, unknown>>(
    `select deliveries.lane, deliveries.status, head, ordered, count(*)::int as n,
       min(due_at - $1)::text as due_in, min(lease_until - $1)::text as lease_left,
       min(wake_at - $1)::text as lane_looks_in, min(paused_until - $1)::text as paused_for
     from deliveries join lanes on lanes.lane = deliveries.lane
     where deliveries.status in ('pending', 'delivering') group by 1, 2, 3, 4`,
    [now],
  )
  return rows.map((row) => `stuck: ${JSON.stringify(row)}`)
}
