/** The middle value; of an even number the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length / 2
  const upper = sorted[Math.floor(half)] ?? NaN
  return Number.isInteger(half) ? ((sorted[half - 1] ?? NaN) + upper) / 2 : upper
}

/** The smallest value that at least this share (0..1) of all values don't exceed. NaN of none. */
export function quantile(values: Float64Array | readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN
}

/** The median of the rounds' ratios: what is common to a round, such as a busy neighbour, cancels out. */
export function medianRatio(ours: readonly number[], others: readonly number[]): number {
  return median(ours.map((value, i) => value / (others[i] ?? NaN)))
}

/** `5,120 req/s (4,800..5,400)`: median, smallest and largest. */
export function spread(values: readonly number[], unit: string, digits = 0): string {
  const text = (value: number) =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  const range = values.length > 1 ? ` (${text(Math.min(...values))}..${text(Math.max(...values))})` : ''
  return `${text(median(values))} ${unit}${range}`
}
