import { attemptsOf, besideNoisy, teamsOf, waitsOf, type Team, type Waits } from './figures.ts'
import type { Outcome, Sample } from './record.ts'

const HOUR = 3_600_000
/** Times of the table of the backlog. */
const BACKLOG_EVERY_MS = 2 * HOUR

/** A run as Markdown: what was done, what was waited for, what waits. */
export function report(outcome: Outcome): string {
  const { scenario } = outcome
  const title = `${scenario.reading} reading, ${scenario.writes_per_second} writes a second, supersede: ${scenario.supersede}`
  return [
    `## ${title}`,
    table(['figure', 'value'], summary(outcome)),
    table(['waiting, s', 'dispatched', 'p50', 'p95', 'p99', 'longest'], waiting(outcome)),
    table(['team', 'accepted', 'superseded', 'still waiting', 'p50', 'p95', 'p99'], teams(outcome)),
    table(
      ['hour', 'backlog', 'accepted', 'dispatched', 'transactions/s', 'ms each'],
      periods(outcome).map(periodRow),
    ),
  ].join('\n\n')
}

function summary(outcome: Outcome): string[][] {
  const { scenario, traffic, record, statuses } = outcome
  const delivered = record.dispatched
  const [unsent = 0, ...tried] = attemptsOf(outcome)
  const busiest = Math.max(
    ...record.samples.slice(1).map(({ transactions }, i) => transactions / seconds(record.samples, i + 1)),
  )
  return [
    [
      'webhooks',
      `${traffic.webhooks.length} for ${scenario.repositories} repositories of ${scenario.teams} teams`,
    ],
    ['duplicates turned away', text(record.duplicates)],
    ['accepted', text(record.accepted)],
    ['dispatched', text(delivered)],
    ['superseded', text(statuses.get('superseded') ?? 0)],
    ['dead letters', text(statuses.get('failed') ?? 0)],
    ['waiting at the end', text(outcome.waiting.size)],
    ['requests beyond a limit', text(outcome.refused)],
    ['requests of one identity at a time, at most', text(outcome.most_in_flight)],
    ['dispatched after a newer one of its subject', text(record.out_of_order)],
    ['requests for one dispatch, mean', (outcome.requests / Math.max(1, delivered)).toFixed(4)],
    ['deliveries by number of requests (0, 1, 2, …)', [unsent, ...tried].join(', ')],
    ['transactions', `${outcome.transactions}; busiest ten minutes ${busiest.toFixed(1)} a second`],
    ['the run took', `${(outcome.took_ms / 60_000).toFixed(1)} min`],
  ]
}

function waiting(outcome: Outcome): string[][] {
  const { before, during, drained_at } = besideNoisy(outcome)
  const rows: [string, Waits][] = [
    ['all', waitsOf(outcome, () => true)],
    ['quiet repositories of the noisy team, before the burst', before],
    [
      `the same while the burst drains (${((drained_at - outcome.scenario.noisy.at_ms) / HOUR).toFixed(1)} h)`,
      during,
    ],
  ]
  return rows.map(([name, waits]) => [
    name,
    text(waits.deliveries),
    ...percentiles(waits),
    time(waits, 'longest'),
  ])
}

/** The busiest teams, the one in the middle, the last; and the one with the burst. */
function teams(outcome: Outcome): string[][] {
  const all = teamsOf(outcome)
  const noisy = outcome.traffic.teams[outcome.traffic.noisy]
  const chosen = new Set([
    0,
    1,
    2,
    all.length >> 1,
    all.length - 1,
    all.findIndex(({ team }) => team === noisy),
  ])
  return [...chosen]
    .sort((a, b) => a - b)
    .flatMap((rank) => {
      const team = all[rank]
      return team === undefined ? [] : [teamRow(team, rank, team.team === noisy)]
    })
}

function teamRow({ accepted, superseded, waiting, waits }: Team, rank: number, is_noisy: boolean): string[] {
  const name = `no. ${rank + 1} by traffic${is_noisy ? ', with the burst' : ''}`
  return [name, text(accepted), text(superseded), text(waiting), ...percentiles(waits)]
}

/** The samples of two hours each put together. */
function periods({ record }: Outcome): Sample[] {
  const joined = new Map<number, Sample[]>()
  for (const sample of record.samples) {
    const period = Math.ceil(sample.at / BACKLOG_EVERY_MS)
    joined.set(period, [...(joined.get(period) ?? []), sample])
  }
  return [...joined.values()].map((samples) => {
    const sum = (figure: (sample: Sample) => number) =>
      samples.reduce((all, sample) => all + figure(sample), 0)
    const transactions = sum((sample) => sample.transactions)
    return {
      at: samples.at(-1)?.at ?? 0,
      backlog: samples.at(-1)?.backlog ?? 0,
      accepted: sum((sample) => sample.accepted),
      dispatched: sum((sample) => sample.dispatched),
      transactions,
      transaction_ms:
        sum((sample) => sample.transaction_ms * sample.transactions) / Math.max(1, transactions),
    }
  })
}

function periodRow(period: Sample, i: number, all: readonly Sample[]): string[] {
  const per_second = period.transactions / seconds(all, i)
  return [
    (period.at / HOUR).toFixed(1),
    text(period.backlog),
    text(period.accepted),
    text(period.dispatched),
    per_second.toFixed(1),
    period.transaction_ms.toFixed(2),
  ]
}

function seconds(samples: readonly Sample[], i: number): number {
  const length = (samples[i]?.at ?? 0) - (samples[i - 1]?.at ?? 0)
  return Math.max(1, length / 1000)
}

function percentiles(waits: Waits): string[] {
  return (['p50', 'p95', 'p99'] as const).map((name) => time(waits, name))
}

/** Seconds; where some were still waiting, the true figure may be larger. */
function time(waits: Waits, name: 'p50' | 'p95' | 'p99' | 'longest'): string {
  const value = waits[name]
  if (Number.isNaN(value)) return '-'
  return `${waits.at_least ? '≥ ' : ''}${value.toFixed(value < 100 ? 1 : 0)}`
}

const text = (value: number) => value.toLocaleString('en')

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')
}
