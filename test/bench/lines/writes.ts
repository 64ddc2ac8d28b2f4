import { measureWrites } from '../hot-path/writes.ts'
import { row, type Bench, type Figures, type Line } from '../line.ts'

const OF_16 = { groups: 1_000, size: 16 }
const OF_32 = { groups: 500, size: 32 }
const MOST_BYTES = 35_000
const MOST_FRAMES = 4

/** What one accepted event makes SQLite write. */
export const writes: Line = {
  name: 'writes',
  about: 'bytes written and log frames per accepted event on SQLite, in groups of 16 and 32',
  long: false,
  run,
}

async function run({ folder, say }: Bench): Promise<Figures> {
  const of_16 = await measureWrites(folder, OF_16)
  const of_32 = await measureWrites(folder, OF_32)
  say(`  groups of 16: ${kb(of_16.bytes)}, ${of_16.frames.toFixed(1)} frames`)
  say(`  groups of 32: ${kb(of_32.bytes)}, ${of_32.frames.toFixed(1)} frames`)
  return {
    rows: [
      row(
        {
          what: 'bytes written per event on SQLite, in groups of 16',
          ours: kb(of_16.bytes),
          other: kb(MOST_BYTES),
        },
        of_16.bytes / MOST_BYTES,
        { at_most: 1 },
      ),
      row(
        {
          what: 'log frames per event on SQLite, in groups of 32',
          ours: of_32.frames.toFixed(1),
          other: String(MOST_FRAMES),
        },
        of_32.frames / MOST_FRAMES,
        { at_most: 1 },
      ),
    ],
    notes: [
      'Writes: 16,000 events as ingest hands them over, each with a delivery and about another model, one group in one transaction after the other. Bytes are those that the process gives to the operating system, with all checkpoints up to the one at the end; a frame is a page of 4 KiB in the write-ahead log.',
    ],
  }
}

const kb = (bytes: number) => `${(bytes / 1_000).toFixed(1)} KB`
