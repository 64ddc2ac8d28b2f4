import pg from 'pg'
import { describe, expect, inject, it } from 'vitest'
import { createDatabase } from '../support/database.ts'
import { startCountingProxy } from './hot-path/counting-proxy.ts'

const server = inject('postgresUrl')

describe.skipIf(server === null)('round trips to PostgreSQL', () => {
  it('are counted once for each answer that the client waits for', async () => {
    const proxy = await startCountingProxy(await createDatabase(server ?? ''))
    const client = new pg.Client({ connectionString: proxy.url })
    await client.connect()
    const counted = async (...texts: string[]) => {
      const before = proxy.round_trips
      for (const text of texts) await client.query(text)
      return proxy.round_trips - before
    }
    expect(await counted('select 1')).toBe(1)
    expect(await counted('begin', 'select 1', 'commit')).toBe(3)
    expect(await counted('begin; select pg_advisory_xact_lock(1)', 'commit')).toBe(2)
    expect(await counted("select repeat('x', 1000000)")).toBe(1)
    await client.end()
    proxy.close()
  })
})
