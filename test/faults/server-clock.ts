import pg from 'pg'

const SCHEMA = 'adjustable'

/**
 * Makes the clock of a database adjustable: a function of our own takes the place of `clock_timestamp()` for
 * everyone who connects by the URL that this gives.
 */
export async function adjustableClock(url: string): Promise<string> {
  await run(url, [
    `create schema ${SCHEMA}`,
    `create table ${SCHEMA}.ahead (ms bigint not null)`,
    `insert into ${SCHEMA}.ahead values (0)`,
    `create function ${SCHEMA}.clock_timestamp() returns timestamptz language sql volatile as
       $$ select pg_catalog.clock_timestamp() + (ms * interval '1 millisecond') from ${SCHEMA}.ahead $$`,
  ])
  const adjusted = new URL(url)
  adjusted.searchParams.set('options', `-c search_path=${SCHEMA},pg_catalog`)
  return adjusted.href
}

/** Sets the clock forward by so many ms, or back. */
export async function setServerClock(url: string, ms: number): Promise<void> {
  await run(url, [`update ${SCHEMA}.ahead set ms = ms + ${ms}`])
}

async function run(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}
