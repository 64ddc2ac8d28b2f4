import type { Queries, Tx } from '../db.ts'
import { deleteFact, writeFactsOnce } from './facts.ts'

/** Whose deliveries go where. */
interface Way {
  automation: string
  target: string
}

const keyOf = ({ automation, target }: Way) => `failing:${automation}:${target}`

/** Notes that deliveries of these automations to these targets fail. */
export async function noteFailing(tx: Tx, ways: readonly Way[]): Promise<void> {
  const keys = [...new Set(ways.map(keyOf))].sort()
  await tx.batch([writeFactsOnce(keys.map((key) => ({ key, value: '1' })))])
}

/** Notes that a delivery got through. Returns whether those before it failed. */
export async function noteRecovered(tx: Queries, way: Way): Promise<boolean> {
  return deleteFact(tx, keyOf(way))
}
