import { createHmac, timingSafeEqual } from 'node:crypto'
import express, { type Response } from 'express'

/** What an endpoint does with a verified request, and what it answers then. */
type Accept = (body: Record<string, unknown>, raw: Buffer) => object | Promise<object>

/** An Express endpoint on `PORT` that checks W&B's signature under `SECRET`, parses, and answers 202 with what is given. */
export function serveEndpoint(accept: Accept): void {
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
    const accepted = accept(JSON.parse(body.toString()) as Record<string, unknown>, body)
    if (accepted instanceof Promise) return accepted.then((value: object) => answer(response, value))
    answer(response, accepted)
  })
  app.listen(Number(port), '127.0.0.1')
}

function answer(response: Response, value: object): void {
  response.status(202).json(value)
}
