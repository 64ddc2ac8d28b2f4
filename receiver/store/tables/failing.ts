import type { Db } from '../db.ts'
import { writeFactsOnce } from './facts.ts'

/** Whose deliveries go where. */
interface Way {
  automation: string
  target: string
}

const keyOf = ({ automation, target }: Way) => `failing:${automation}:${target}`

/** Remembers that deliveries of an automation to a target fail. */
export async function noteFailing(db: Db, ways: readonly Way[]): Promise<void> {
  const keys = [...new Set(ways.map(keyOf))].sort()
  await writeFactsOnce(
    db,
    keys.map((key) => ({ key, value: '1' })),
  )
}

/** One got through: tells whether those before it failed. */
export async function noteRecovered(db: Db, way: Way): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('facts').where('key', '=', keyOf(way)).executeTakeFirst()
  return numDeletedRows > 0n
}
