/**
 * Accepts groups of events into an empty SQLite store and prints what that wrote as one line of JSON (`Writes`).
 *   node test/bench/hot-path/count-writes.ts FOLDER GROUPS SIZE
 */
import { closeSync, mkdtempSync, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { openSqliteStore } from '../../../receiver/store/sqlite/open.ts'
import { median } from '../statistics.ts'
import { captureEvents } from './captured.ts'
import type { Writes } from './writes.ts'

/** Groups before the first one that counts: by then the trees have more than one page. */
const FIRST = 100

const [parent = '', groups = '', group_size = ''] = process.argv.slice(2)
const size = Number(group_size)
const folder = mkdtempSync(join(parent, 'writes-'))
const { events, revisions } = await captureEvents(folder, (FIRST + Number(groups)) * size)
const data_dir = join(folder, 'data')
const store = await openSqliteStore(data_dir)
await store.saveRevisions({ revisions, now: Date.now() })
const frames: number[] = []
let before = 0
for (let at = 0; at < events.length; at += size) {
  if (at === FIRST * size) before = bytesWritten()
  const start = framesInLog(data_dir)
  await store.accept({ now: Date.now(), events: events.slice(at, at + size) })
  const end = framesInLog(data_dir)
  // A log that is wholly in the database begins anew.
  if (at >= FIRST * size) frames.push((end >= start ? end - start : end) / size)
}
// What waits in the log for a checkpoint is written then, whoever makes it and when.
await store.close()
const writes: Writes = {
  bytes: (bytesWritten() - before) / (events.length - FIRST * size),
  frames: median(frames),
}
process.stdout.write(`${JSON.stringify(writes)}\n`)

/** Bytes that all threads of this process have given to `write` and its like. */
function bytesWritten(): number {
  return Number(/wchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])
}

/** The last valid frame by the header of the log's index (https://sqlite.org/walformat.html, `mxFrame`). */
function framesInLog(data_dir: string): number {
  const header = new Uint32Array(5)
  const index = openSync(join(data_dir, 'model-dispatch.sqlite-shm'), 'r')
  readSync(index, header, 0, header.byteLength, 0)
  closeSync(index)
  return header[4] ?? NaN
}
