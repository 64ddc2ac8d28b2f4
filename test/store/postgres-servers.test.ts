import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import pg from 'pg'
import { describe, expect, inject, it } from 'vitest'
import { openPostgresStore } from '../../receiver/store/postgres/open.ts'
import { serverUrls } from '../../receiver/store/postgres/servers.ts'
import { createDatabase } from '../support/database.ts'

describe('the servers of a DATABASE_URL', () => {
  it.each([
    ['one host', 'postgres://u:p@db:5433/x', ['postgres://u:p@db:5433/x']],
    ['one host in the query', 'postgres://u:p@/x?host=/run/pg', ['postgres://u:p@/x?host=%2Frun%2Fpg']],
    [
      'several hosts, each with its port',
      'postgres://u:p@one:5432,two:5433/x?sslmode=verify-full',
      ['postgres://u:p@one:5432/x?sslmode=verify-full', 'postgres://u:p@two:5433/x?sslmode=verify-full'],
    ],
    [
      'several hosts without a query',
      'postgres://u:p@one,[::1]:5433/x',
      ['postgres://u:p@one/x', 'postgres://u:p@[::1]:5433/x'],
    ],
    [
      'several hosts in the query, with one port for all',
      'postgres://u:p@/x?host=one,two&port=6432',
      ['postgres://u:p@/x?host=one&port=6432', 'postgres://u:p@/x?host=two&port=6432'],
    ],
    [
      'several hosts in the query, each with its port',
      'postgres:///x?host=one,/run/pg&port=1,2',
      ['postgres:///x?host=one&port=1', 'postgres:///x?host=%2Frun%2Fpg&port=2'],
    ],
    ['a password with an @', 'postgres://u:p@ss@db/x', ['postgres://u:p@ss@db/x']],
  ])('are one URL each, for %s', (_, url, urls) => {
    expect(serverUrls(url)).toEqual(urls)
  })
})

const server = inject('postgresUrl')

describe.skipIf(server === null)('a store on a DATABASE_URL that names its server in another way', () => {
  it('opens through a socket that the query names', async () => {
    const url = new URL(await createDatabase(server ?? ''))
    const client = new pg.Client({ connectionString: url.href })
    await client.connect()
    const { rows } = await client.query<{ folder: string }>(
      "select current_setting('unix_socket_directories') as folder",
    )
    await client.end()
    const folder = rows[0]?.folder ?? ''
    const store = await openPostgresStore(`postgres://test:@${url.pathname}?host=${folder}&port=${url.port}`)
    expect(await store.backlog({ most: 1 })).toBe(0)
    await store.close()
  })

  it('opens on the first of several servers that answers', async () => {
    const url = new URL(await createDatabase(server ?? ''))
    const store = await openPostgresStore(`postgres://test@127.0.0.1:1,${url.host}${url.pathname}`)
    expect(await store.backlog({ most: 1 })).toBe(0)
    await store.close()
  })

  it('passes by a server that takes no writes', async () => {
    const url = new URL(await createDatabase(server ?? ''))
    const standby = new URL(await createDatabase(server ?? ''))
    const client = new pg.Client({ connectionString: standby.href })
    await client.connect()
    // Two databases of one server, told apart by the host: a standby answers under the same name of the database.
    await client.query(`alter database ${standby.pathname.slice(1)} set default_transaction_read_only = on`)
    await client.end()
    const first = await startPostgresProxy(Number(url.port), [
      url.pathname.slice(1),
      standby.pathname.slice(1),
    ])
    const store = await openPostgresStore(
      `postgres://test@127.0.0.1:${first.port},${url.host}${url.pathname}`,
    )
    expect(await store.backlog({ most: 1 })).toBe(0)
    await store.close()
    first.close()
  })

  it('goes on with the next server when the one that it works on is gone', async () => {
    const url = new URL(await createDatabase(server ?? ''))
    const [one, two] = [
      await startPostgresProxy(Number(url.port)),
      await startPostgresProxy(Number(url.port)),
    ]
    const store = await openPostgresStore(
      `postgres://test@127.0.0.1:${one.port},127.0.0.1:${two.port}${url.pathname}`,
    )
    expect(two.taken()).toBe(0)
    one.close()
    await expect.poll(() => store.backlog({ most: 1 }).catch(() => null)).toBe(0)
    expect(two.taken()).toBeGreaterThan(0)
    await store.close()
    two.close()
  })
})

/** A server at another address: passes bytes on, and puts one name of a database for another of the same length. */
async function startPostgresProxy(to: number, [asked, given]: readonly string[] = []) {
  const sockets = new Set<Socket>()
  let taken = 0
  const proxy: Server = createServer((socket) => {
    taken++
    const upstream = connect(to, '127.0.0.1')
    for (const one of [socket, upstream]) {
      sockets.add(one)
      one.on('error', () => undefined)
      one.on('close', () => [socket, upstream].forEach((each) => each.destroy()))
    }
    socket.on('data', (bytes) => {
      const text = bytes.toString('latin1')
      upstream.write(asked === undefined ? bytes : Buffer.from(text.replace(asked, given ?? ''), 'latin1'))
    })
    upstream.pipe(socket)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  return {
    port: (proxy.address() as AddressInfo).port,
    taken: () => taken,
    close() {
      proxy.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
