/**
 * Loaded before the receiver with `--expose-gc --import`: on SIGUSR2 the main thread and the store's thread collect
 * all garbage, so that what is left can be measured. The receiver itself knows nothing of it.
 */
import process from 'node:process'
import { BroadcastChannel, isMainThread } from 'node:worker_threads'

/** The last resort also gives back the pages that V8 would keep for what may come. */
const collect = () => globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })

const channel = new BroadcastChannel('collect garbage')
channel.unref()

if (isMainThread) {
  process.on('SIGUSR2', () => {
    channel.postMessage('now')
    collect()
  })
} else {
  channel.onmessage = collect
}
