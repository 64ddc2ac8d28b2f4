import { numberText, type Metric, type Sample } from './exposition.ts'

/** The most series of one metric: names come from the configuration, and those that are gone stay until the next start. */
const MOST_SERIES = 10_000
/** The label under which all further ones are counted. */
const OTHER = '(other)'

interface Declared {
  name: string
  help: string
  labels?: readonly string[]
}

/** A number that only grows, for each set of labels. */
export interface Counter {
  /** Adds one. `values`: those of the labels, in their order. */
  add(...values: readonly string[]): void
  /** Shows a number that is still 0: Prometheus takes the first value that it sees for no increase. */
  show(...values: readonly string[]): void
  metric(): Metric
}

/** How often something took how long, for each set of labels. */
export interface Histogram {
  /** Adds one that took so many seconds. `values`: those of the labels, in their order. */
  observe(seconds: number, ...values: readonly string[]): void
  metric(): Metric
}

/** Returns a counter that stands at nothing; one without labels at 0. */
export function createCounter({ name, help, labels = [] }: Declared): Counter {
  const series = createSeries(labels, () => ({ count: 0 }))
  return {
    add(...values) {
      series.at(values).count += 1
    },
    show(...values) {
      series.at(values)
    },
    metric: () => ({
      ...{ name, help, type: 'counter' },
      samples: series.all().map(([named, { count }]) => ({ labels: named, value: count })),
    }),
  }
}

/**
 * Returns a histogram that has seen nothing.
 *
 * @param declared.buckets upper bounds in seconds, in ascending order.
 */
export function createHistogram(declared: Declared & { buckets: readonly number[] }): Histogram {
  const { name, help, labels = [], buckets } = declared
  const bounds = [...buckets, Infinity]
  const series = createSeries(labels, () => ({ counts: bounds.map(() => 0), sum: 0 }))
  return {
    observe(seconds, ...values) {
      const one = series.at(values)
      const at = bounds.findIndex((bound) => seconds <= bound)
      one.counts[at] = (one.counts[at] ?? 0) + 1
      one.sum += seconds
    },
    metric: () => ({
      ...{ name, help, type: 'histogram' },
      samples: series.all().flatMap(([named, { counts, sum }]) => samplesOf(named, bounds, { counts, sum })),
    }),
  }
}

function samplesOf(
  labels: Readonly<Record<string, string>>,
  bounds: readonly number[],
  { counts, sum }: { counts: readonly number[]; sum: number },
): Sample[] {
  let seen = 0
  const buckets = bounds.map((bound, i): Sample => {
    seen += counts[i] ?? 0
    return { suffix: '_bucket', labels: { ...labels, le: numberText(bound) }, value: seen }
  })
  return [...buckets, { suffix: '_sum', labels, value: sum }, { suffix: '_count', labels, value: seen }]
}

/** Values by their labels. A lookup is one text and one map: webhooks pay for it. */
function createSeries<T>(labels: readonly string[], make: () => T) {
  const series = new Map<string, T>()
  const at = (values: readonly string[]): T => {
    const key = values.join('\n')
    const found = series.get(key)
    if (found !== undefined) return found
    if (series.size >= MOST_SERIES && !values.every((value) => value === OTHER))
      return at(labels.map(() => OTHER))
    const made = make()
    series.set(key, made)
    return made
  }
  if (labels.length === 0) at([])
  return {
    at,
    all: () =>
      [...series].map(([key, value]): [Record<string, string>, T] => {
        const values = key.split('\n')
        return [Object.fromEntries(labels.map((label, i) => [label, values[i] ?? ''])), value]
      }),
  }
}
