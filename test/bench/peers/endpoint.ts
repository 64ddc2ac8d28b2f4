import { createHmac, timingSafeEqual } from 'node:crypto'
import express from 'express'

/** An Express endpoint on `PORT` that checks W&B's signature under `SECRET`, parses, and answers 202 with what is given. */
export function serveEndpoint(accept: (body: Record<string, unknown>) => object): void {
  const { SECRET: secret = '', PORT: port } = process.env
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
    response.status(202).json(accept(JSON.parse(body.toString()) as Record<string, unknown>))
  })
  app.listen(Number(port), '127.0.0.1')
}
