/** The same endpoint; a job of BullMQ that carries the event is in Redis before the answer. */
import process from 'node:process'
import { Queue } from 'bullmq'

const { serveEndpoint } = await import(process.env.ENDPOINT)

const queue = new Queue('events', { connection: { host: '127.0.0.1', port: Number(process.env.REDIS_PORT) } })
await queue.waitUntilReady()

serveEndpoint(async (body) => {
  const { id } = await queue.add('dispatch', body)
  return { status: 'accepted', id }
})
