import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** What accepting events writes on SQLite. */
export interface Writes {
  /** Bytes that the process gave to the operating system to write, per event, with all checkpoints up to the one at the end. */
  bytes: number
  /** Frames (pages of 4 KiB) in the write-ahead log, per event: the median of the groups. */
  frames: number
}

/** How many groups of how many events are accepted, one group in one transaction after the other. */
export interface Groups {
  groups: number
  size: number
}

const SCRIPT = join(import.meta.dirname, 'count-writes.ts')

/** Counts what the store writes for events as ingest hands them over, in a process of its own. */
export async function measureWrites(folder: string, { groups, size }: Groups): Promise<Writes> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    SCRIPT,
    folder,
    String(groups),
    String(size),
  ])
  return JSON.parse(stdout) as Writes
}
