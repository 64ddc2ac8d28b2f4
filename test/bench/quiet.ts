import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

const LOOK_EVERY_MS = 300
/** So much of all processors must have nothing to do. */
const IDLE = 0.8

/**
 * Waits until the machine has little to do, `most_ms` at the longest: a server may go on after its load has ended, as
 * adnanh/webhook does, which starts its commands after it has answered. The next one would be measured beside it.
 */
export async function untilQuiet(most_ms: number): Promise<void> {
  const until = performance.now() + most_ms
  let before = times()
  do {
    await sleep(LOOK_EVERY_MS)
    const now = times()
    if (now.idle - before.idle >= IDLE * (now.all - before.all)) return
    before = now
  } while (performance.now() < until)
}

function times(): { idle: number; all: number } {
  const each = cpus().map((cpu) => cpu.times)
  const idle = each.reduce((sum, time) => sum + time.idle, 0)
  const all = each.reduce((sum, time) => sum + Object.values(time).reduce((a, b) => a + b, 0), 0)
  return { idle, all }
}
