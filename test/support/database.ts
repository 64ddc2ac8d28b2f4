import pg from 'pg'

let count = 0

/** An empty database on a running server; gives its URL. `options` are those of `create database`. */
export async function createDatabase(server: string, options = ''): Promise<string> {
  const name = `test_${process.pid}_${++count}`
  const admin = new pg.Client({ connectionString: server })
  await admin.connect()
  await admin.query(`create database ${name} ${options}`)
  await admin.end()
  return new URL(`/${name}`, server).href
}
