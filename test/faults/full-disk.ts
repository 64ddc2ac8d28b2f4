import type { Verdict } from '../support/verdict.ts'
import { startLoad } from './load.ts'
import type { SmallDisk } from './small-disk.ts'
import { World } from './world.ts'

const FULL_MS = 8_000
const FREE_MS = 3_000

/** A disk that fills up under load and is freed again, so many times. */
export async function fillUnderLoad(
  disk: SmallDisk,
  options: { times: number; per_second: number; settle_ms: number },
): Promise<Verdict> {
  const world = await World.start({ database: null, data_dir: `${disk.path}/data` })
  try {
    const load = startLoad({
      urls: () => world.urls(),
      models: 100,
      at_once: 100,
      per_second: options.per_second,
    })
    for (let n = 0; n < options.times; n++) {
      await sleep(FREE_MS)
      disk.fill()
      await sleep(FULL_MS)
      disk.free()
    }
    await sleep(FREE_MS)
    await load.stop()
    return await world.judge(load.sent, { duplicates_allowed: 0, settle_ms: options.settle_ms })
  } finally {
    await world.close()
  }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
