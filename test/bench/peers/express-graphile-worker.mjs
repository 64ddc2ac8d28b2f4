/** The same endpoint; a job of graphile-worker that carries the event is in PostgreSQL before the answer. */
import process from 'node:process'
import { makeWorkerUtils } from 'graphile-worker'

const { serveEndpoint } = await import(process.env.ENDPOINT)

const utils = await makeWorkerUtils({ connectionString: process.env.DATABASE_URL })
await utils.migrate()

serveEndpoint(async (body) => {
  const { id } = await utils.addJob('dispatch', body)
  return { status: 'accepted', id }
})
