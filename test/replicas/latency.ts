import { aliasBody, sendWandb } from '../support/send.ts'
import type { World } from '../faults/world.ts'

/** Between two webhooks, so that each finds the receivers at rest, ms. */
const REST_MS = 100

/** How long a webhook takes from its first byte to the arrival of its dispatch, ms, one after the other. */
export async function latencies(world: World, count: number): Promise<number[]> {
  const took: number[] = []
  for (let n = 0; n < count; n++) {
    const urls = world.urls()
    await new Promise((resolve) => setTimeout(resolve, REST_MS))
    const before = (await world.github.dispatches()).length
    const began = Date.now()
    await sendWandb(urls[n % urls.length] ?? '', aliasBody({ artifact_collection_name: `latency-${n}` }))
    took.push((await arrival(world, before)) - began)
  }
  return took
}

async function arrival(world: World, before: number): Promise<number> {
  for (;;) {
    const next = (await world.github.dispatches())[before]
    if (next !== undefined) return next.at
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** The middle one of some numbers. */
export function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
}
