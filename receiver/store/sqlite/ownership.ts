import { randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { StoreUnavailable } from '../store.ts'

/** The fact that holds who uses the database: the one who opened it last. */
const OWNER = 'owner'

/** A file of an open database, and what tells it from another one of the same name. */
export interface OpenFile {
  file: string
  inode: bigint | null
}

/** Makes sure that an open database is still there, and still ours. */
export interface Ownership {
  /** The files of the database. */
  readonly files: readonly OpenFile[]
  /**
   * Asks in a transaction whether the database is ours. A file that locks a folder can be removed; a row cannot.
   *
   * @throws StoreUnavailable when another process has opened it since
   */
  isOurs(): void
  /**
   * Asks whether a commit goes into files that the next process will find: a file that is removed, or replaced by another
   * one, can still be written by those who have it open.
   *
   * @throws StoreUnavailable when a file of the database is gone
   */
  isThere(): void
}

/** Takes an open database for this process: whoever had it open before is turned away from now on. */
export function takeOwnership(handle: DatabaseSync, path: string): Ownership {
  const id = randomUUID()
  handle
    .prepare(
      'insert into facts (key, value) values (?, ?) on conflict (key) do update set value = excluded.value',
    )
    .run(OWNER, id)
  const owner = handle.prepare('select value from facts where key = ?')
  // Both are there from the first write on, and stay until the last process closes the database.
  const files = [path, `${path}-wal`].map((file) => ({ file, inode: inodeOf(file) }))
  return {
    files,
    isOurs() {
      const noted = owner.get(OWNER)?.['value']
      if (noted === id || noted === undefined) return
      throw new StoreUnavailable(
        `Another receiver has opened ${path}, though this one still runs.`,
        'Stop one of the two: each would deliver everything. The file `lock` in DATA_DIR keeps them apart; do not remove it.',
        { lasting: true },
      )
    },
    isThere: () => checkFiles(files),
  }
}

/**
 * Asks whether the files of an open database are still where they were.
 *
 * @throws StoreUnavailable when one is gone
 */
export function checkFiles(files: readonly OpenFile[]): void {
  const gone = files.find(({ file, inode }) => inodeOf(file) !== inode)
  if (gone === undefined) return
  throw new StoreUnavailable(
    `${gone.file} was removed or replaced while the receiver runs: what is written now would be lost.`,
    'Move the file back, or stop the receiver, restore a backup of DATA_DIR, and start it again.',
    { lasting: true },
  )
}

/** Tells a file from another one of the same name; null where there is none. */
function inodeOf(file: string): bigint | null {
  return statSync(file, { bigint: true, throwIfNoEntry: false })?.ino ?? null
}
