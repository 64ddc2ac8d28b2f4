/**
 * Takes a million hostile bodies a source through the receiver's own code, by hand: `npm run bodies`, or with another
 * number and types, `npm run bodies -- 10000 wandb`. Ends with 1 at the first one that would have been a 500.
 */
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import { openRuntime, takeMany } from './many-bodies.ts'

const [count = '1000000', ...named] = process.argv.slice(2)
const types = named.length > 0 ? named : [...SOURCE_TYPES.keys()]
const runtime = openRuntime()
for (const type of types) {
  const began = Date.now()
  const seed = Math.floor(Math.random() * 2 ** 32)
  const { refused, events, slowest_ms } = takeMany(runtime, type, { bodies: Number(count), seed })
  const seconds = Math.round((Date.now() - began) / 1000)
  console.log(
    `${type}: ${count} bodies in ${seconds} s, seed ${seed}: ${refused} refused, ${events} events, the slowest body ${slowest_ms.toFixed(1)} ms of processor time`,
  )
}
