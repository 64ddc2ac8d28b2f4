import { statement, type Call } from '../statement.ts'
import { writeFactsOnce } from './facts.ts'

/** Whose deliveries go where. */
export interface Way {
  automation: string
  target: string
}

/** Returns the name of the fact that deliveries of an automation to a target fail. */
export const keyOf = ({ automation, target }: Way) => `failing:${automation}:${target}`

/** Notes that deliveries of these automations to these targets fail. */
export const noteFailing = (ways: readonly Way[]): Call =>
  writeFactsOnce([...new Set(ways.map(keyOf))].sort().map((key) => ({ key, value: '1' })))

/** Notes that deliveries got through. Returns the keys (`keyOf`) of those before which others failed. */
export const noteRecovered = (ways: readonly Way[]): Call<{ key: string }> =>
  deleteFacts([...new Set(ways.map(keyOf))])

const deleteFacts = statement<{ key: string }>(
  'delete_facts',
  ({ isIn }) => `delete from facts where ${isIn('key', 1)} returning key`,
)
