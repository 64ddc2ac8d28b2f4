import { createHmac } from 'node:crypto'
import { Pool } from 'undici'
import { WANDB_SECRET } from '../support/send.ts'

/** Connections. */
const AT_ONCE = 32

/** Sends one W&B event after the other on some connections; gives how often each status came. */
export async function sendMany(
  url: string,
  bodies: readonly Record<string, unknown>[],
  { source = 'wandb', headers = () => ({}) }: { source?: string; headers?: (n: number) => object } = {},
): Promise<Record<number, number>> {
  const pool = new Pool(url, { connections: AT_ONCE })
  const statuses: Record<number, number> = {}
  let next = 0
  const sender = async () => {
    for (let n = next++; n < bodies.length; n = next++) {
      const body = JSON.stringify(bodies[n])
      const signature = createHmac('sha256', WANDB_SECRET).update(body).digest('base64')
      const { statusCode, body: answer } = await pool.request({
        method: 'POST',
        path: `/webhooks/${source}`,
        headers: { 'x-wandb-signature': signature, ...headers(n) },
        body,
      })
      await answer.dump()
      statuses[statusCode] = (statuses[statusCode] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, sender))
  await pool.close()
  return statuses
}
