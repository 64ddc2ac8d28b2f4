import type { Log } from '../observe/log.ts'
import type { Superseded } from '../store/records.ts'

/** Logs deliveries that will not be sent, since a newer event of their slot came: each with both events. */
export function logSuperseded(log: Log, superseded: readonly Superseded[]): void {
  for (const one of superseded) log.info(one, 'superseded')
}
