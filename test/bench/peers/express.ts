/** The same endpoint in Express and nothing behind it: checks the signature, parses, answers 202. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import express from 'express'

const secret = process.env['SECRET'] ?? ''
const app = express()
app.disable('x-powered-by')
app.disable('etag')
app.post('/webhooks/wandb', express.raw({ type: () => true, limit: '1mb' }), (request, response) => {
  const body = request.body as Buffer
  const expected = createHmac('sha256', secret).update(body).digest()
  const given = Buffer.from(request.get('X-Wandb-Signature') ?? '', 'base64')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    response.status(401).json({ status: 'refused' })
    return
  }
  const { event_type } = JSON.parse(body.toString()) as Record<string, unknown>
  response.status(202).json({ status: 'accepted', event: event_type })
})
app.listen(Number(process.env['PORT']), '127.0.0.1')
