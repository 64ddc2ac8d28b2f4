import { fstatSync, write, writeSync } from 'node:fs'
import { isatty } from 'node:tty'

/** Characters of lines that are kept while they cannot be written; further ones are dropped and counted. */
const MOST_KEPT = 4 * 2 ** 20
/** The pause before a failed write is tried again, ms: twice as long each time. */
const FIRST_PAUSE_MS = 5
const LONGEST_PAUSE_MS = 250
/** How long the end of the process waits for a reader that is slow, ms. */
const END_MS = 500
/** How long the end waits for a write that another thread has under way, ms, so that lines stay in order. */
const UNDER_WAY_MS = 20

const NOTHING = Buffer.alloc(0)

type Written = (error: Error | null, bytes: number) => void

/**
 * Lines on their way to a file descriptor that never hold up the process, whatever it leads to: a full disk, a pipe that
 * nobody reads. Lines are collected for one turn of the event loop and written together. Lines that cannot be written are kept
 * in memory up to a limit; from the first line past the limit on, lines are dropped and counted until all that was kept
 * is written, and then one line says how many are missing.
 *
 * A pipe or a socket must be in non-blocking mode. A file and a terminal have no such mode, so another thread writes
 * them.
 */
export class LogOutput {
  readonly #fd: number
  readonly #missing: (lines: number) => string
  readonly #most_kept: number
  readonly #elsewhere: boolean
  #lines: string[] = []
  /** Characters in `#lines`. */
  #length = 0
  /** The bytes being written. After a write that took a part it begins in the middle of a line. */
  #chunk = NOTHING
  #dropped = 0
  /** A write is due or under way. */
  #busy = false
  /** Another thread writes `#chunk`. */
  #under_way = false
  #pause_ms = FIRST_PAUSE_MS
  #when_written: (() => void)[] = []

  /** `missing` makes the line that says how many lines were dropped. */
  constructor(fd: number, missing: (lines: number) => string, most_kept = MOST_KEPT) {
    this.#fd = fd
    this.#missing = missing
    this.#most_kept = most_kept
    this.#elsewhere = fstatSync(fd).isFile() || isatty(fd)
  }

  /** Takes a line, with its line end. */
  write(line: string): void {
    if (this.#dropped > 0 || this.#length + this.#chunk.length + line.length > this.#most_kept) {
      this.#dropped += 1
    } else {
      this.#lines.push(line)
      this.#length += line.length
    }
    if (this.#busy) return
    this.#busy = true
    setImmediate(this.#writeNext)
  }

  /** Calls back when everything is written, or after half a second without that; the process lives on until then. */
  flush(done: () => void): void {
    if (!this.#busy) {
      done()
      return
    }
    let waiting = true
    const once = () => {
      if (waiting) done()
      waiting = false
      clearTimeout(longest)
    }
    const longest = setTimeout(once, END_MS)
    this.#when_written.push(once)
  }

  /** Writes what is left at the end of the process, when nothing can be waited for but this. */
  end(): void {
    if (this.#under_way) {
      pause(UNDER_WAY_MS)
      this.#chunk = NOTHING
    }
    const until = performance.now() + END_MS
    while (this.#fill() && performance.now() < until) {
      try {
        this.#chunk = this.#chunk.subarray(writeSync(this.#fd, this.#chunk))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return
        pause(FIRST_PAUSE_MS)
      }
    }
  }

  readonly #writeNext = (): void => {
    if (this.#fill()) {
      this.#start(this.#written)
      return
    }
    this.#busy = false
    for (const done of this.#when_written.splice(0)) done()
  }

  readonly #written: Written = (error, bytes) => {
    this.#under_way = false
    if (error === null && bytes > 0) {
      this.#chunk = this.#chunk.subarray(bytes)
      this.#pause_ms = FIRST_PAUSE_MS
      this.#writeNext()
      return
    }
    setTimeout(this.#writeNext, this.#pause_ms).unref()
    this.#pause_ms = Math.min(2 * this.#pause_ms, LONGEST_PAUSE_MS)
  }

  /** Makes the next chunk where the last one is written. Returns false when nothing is left. */
  #fill(): boolean {
    if (this.#chunk.length > 0) return true
    if (this.#lines.length === 0 && this.#dropped > 0) {
      this.#lines.push(this.#missing(this.#dropped))
      this.#dropped = 0
    }
    this.#chunk = Buffer.from(this.#lines.join(''))
    this.#lines = []
    this.#length = 0
    return this.#chunk.length > 0
  }

  #start(done: Written): void {
    if (this.#elsewhere) {
      this.#under_way = true
      write(this.#fd, this.#chunk, done)
      return
    }
    let bytes: number
    try {
      bytes = writeSync(this.#fd, this.#chunk)
    } catch (error) {
      done(error as Error, 0)
      return
    }
    done(null, bytes)
  }
}

let standard: LogOutput | null = null

/** Returns this process's output on stdout, which also writes what is left when the process ends. */
export function standardOutput(missing: (lines: number) => string): LogOutput {
  if (standard !== null) return standard
  // Node.js puts a pipe and a socket into non-blocking mode when `process.stdout` is first asked for.
  const output = new LogOutput(process.stdout.fd, missing)
  process.on('exit', () => output.end())
  standard = output
  return output
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
