import { NO_POSTGRES, startDatabases } from '../databases.ts'
import { measureRoundTrips } from '../hot-path/round-trips.ts'
import { row, type Bench, type Figures, type Line, type Row } from '../line.ts'

/** How often one operation waits for PostgreSQL. */
export const roundTrips: Line = {
  name: 'round-trips',
  about: 'round trips to PostgreSQL for accept, claim, and finish with claim',
  long: false,
  run,
}

async function run({ folder, say }: Bench): Promise<Figures> {
  const databases = await startDatabases()
  if (databases === null) return { rows: [], notes: [`Round trips were not counted. ${NO_POSTGRES}`] }
  try {
    const counts = await measureRoundTrips(folder, databases.create('round_trips'))
    const counted = (what: string, count: number, most: number): Row => {
      say(`  ${what}: ${count}`)
      return row(
        { what: `round trips to PostgreSQL: ${what}`, ours: String(count), other: String(most) },
        count / most,
        {
          at_most: 1,
        },
      )
    }
    return {
      rows: [
        counted('accept one event', counts.accept_one, 3),
        counted('accept a group of 16', counts.accept_group, 3),
        counted('claim a delivery', counts.claim, 2),
        counted('finish a delivery and claim the next', counts.finish_and_claim, 4),
      ],
      notes: [
        'Round trips: medians, counted by a proxy between the store and the server; what a client sends without waiting in between is one.',
      ],
    }
  } finally {
    await databases.stop()
  }
}
