/** A W&B that hangs, fails and lies, as a process of its own: `node test/lookups/bad-wandb.ts EVENTS MODELS`. */
import { startWandb } from '../standins/wandb.ts'
import { fillRegistry, misbehave } from './bad-registry.ts'

const [events = 0, models = 1] = process.argv.slice(2).map(Number)
const wandb = await startWandb()
fillRegistry(wandb, { events, models })
misbehave(wandb)
console.log(wandb.url)
