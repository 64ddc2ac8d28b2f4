import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Whether a disk of this kind can be had here. */
export function canHave(make: () => { remove(): void } | null): boolean {
  const disk = make()
  disk?.remove()
  return disk !== null
}

/** A volume for DATA_DIR that can be filled up and freed again. */
export interface SmallDisk {
  /** Where it is mounted. */
  path: string
  /** Uses up every free byte. */
  fill(): void
  free(): void
  remove(): void
}

/** Mounts a file system in memory of so many MiB; null where this user may not mount. */
export function mountSmallDisk(mib: number): SmallDisk | null {
  const path = mkdtempSync(join(tmpdir(), 'model-dispatch-disk-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', path])
  if (mounted.status !== 0) {
    rmSync(path, { recursive: true })
    return null
  }
  const filler = join(path, 'filler')
  return {
    path,
    fill: () => fill(filler),
    free: () => rmSync(filler, { force: true }),
    remove() {
      execFileSync('umount', [path])
      rmSync(path, { recursive: true })
    },
  }
}

/** Writes in ever smaller pieces until not one byte fits. */
function fill(file: string): void {
  const handle = openSync(file, 'a')
  for (let piece = 65_536; piece >= 1;) {
    try {
      if (writeSync(handle, Buffer.alloc(piece)) < piece) piece /= 2
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      piece = Math.floor(piece / 2)
    }
  }
  closeSync(handle)
}

/** A file system on a file that an administrator's `remount` turns read-only under open files; null likewise. */
export function mountAbortableDisk(): { path: string; abort(): void; remove(): void } | null {
  const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-disk-'))
  const run = (command: string, ...args: string[]) => spawnSync(command, args).status === 0
  const image = join(folder, 'image')
  const path = join(folder, 'mounted')
  const mounted =
    run('mkdir', path) &&
    run('truncate', '-s', '32m', image) &&
    run('mkfs.ext4', '-q', image) &&
    run('mount', '-o', 'loop,errors=remount-ro', image, path)
  if (!mounted) {
    rmSync(folder, { recursive: true })
    return null
  }
  return {
    path,
    abort: () => void execFileSync('mount', ['-o', 'remount,abort', path], { stdio: 'ignore' }),
    remove() {
      execFileSync('umount', [path])
      rmSync(folder, { recursive: true })
    },
  }
}
