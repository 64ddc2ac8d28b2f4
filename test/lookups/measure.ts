/**
 * Measures what look-ups in a bad registry cost a sender: `node test/lookups/measure.ts [events] [models]`. Runs for
 * about two minutes with 10,000 events, on loopback alone.
 */
import { sendLoad, untilDone } from './bad-registry.ts'

const [events = 10_000, models = 500] = process.argv.slice(2).map(Number)

for (const looked_up of [false, true, false, true]) {
  const seen = await sendLoad({ events, models }, looked_up, (house) => untilDone(house, events, 300_000))
  const at = (share: number) => (seen.waits[Math.floor((seen.waits.length - 1) * share)] ?? NaN).toFixed(1)
  const ordered = [...seen.arrived.values()].every((numbers) =>
    numbers.every((n, i) => i === 0 || n > (numbers[i - 1] ?? n)),
  )
  const figures = {
    events,
    looked_up: seen.looked_up,
    ...seen.statuses,
    ordered,
    p50_ms: at(0.5),
    p99_ms: at(0.99),
    max_ms: at(1),
  }
  console.log(looked_up ? 'with look-ups   ' : 'without look-ups', JSON.stringify(figures))
}
