import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'
import { median } from './statistics.ts'

const SYNCS = 100
const PAGE = 4_096
const KINDS_IN_MEMORY = ['tmpfs', 'ramfs']

/** What the figures were measured on, in one line. `folder` is where the stores will be. */
export function describeMachine(folder: string): string {
  const load = loadavg()[0] ?? 0
  return [
    `${availableParallelism()} cores`,
    cpus()[0]?.model.trim() ?? 'unknown CPU',
    `${Math.round(totalmem() / 2 ** 30)} GB`,
    `Node ${process.version}`,
    describeDisk(folder),
    `load average before: ${load.toFixed(1)}`,
  ].join(', ')
}

/** Throws when a folder lies in memory, where nothing is ever flushed. */
export function refuseMemory(folder: string): void {
  const kind = fileSystemOf(folder)
  if (!KINDS_IN_MEMORY.includes(kind)) return
  throw new Error(
    `${folder} is ${kind}: it lies in memory. Put the project, and TMPDIR for PostgreSQL, on a disk to measure them.`,
  )
}

function describeDisk(folder: string): string {
  refuseMemory(folder)
  const kind = fileSystemOf(folder)
  return `${kind} (4 KiB and fdatasync: ${syncTime(folder).toFixed(2)} ms)`
}

/** The kind of file system that a folder is on, by the longest mount point that it lies under. */
function fileSystemOf(folder: string): string {
  let mounts: string
  try {
    mounts = readFileSync('/proc/mounts', 'utf8')
  } catch {
    return 'unknown disk'
  }
  const found = mounts
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, point]) => point !== undefined && `${folder}/`.startsWith(point === '/' ? '/' : `${point}/`))
    .sort(([, a = ''], [, b = '']) => b.length - a.length)[0]
  return found?.[2] ?? 'unknown disk'
}

/** What it takes to append a page and have it on the disk, ms. */
function syncTime(folder: string): number {
  const file = openSync(join(folder, 'sync'), 'w')
  const page = Buffer.alloc(PAGE, 1)
  const times = Array.from({ length: SYNCS }, () => {
    const began = performance.now()
    writeSync(file, page)
    fdatasyncSync(file)
    return performance.now() - began
  })
  closeSync(file)
  return median(times)
}
