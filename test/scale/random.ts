/** Numbers that look random and are the same for the same seed, so that a run can be repeated. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform in [from, to). */
  between(from: number, to: number): number
  /** A whole number in [0, below). */
  below(below: number): number
  chance(probability: number): boolean
}

/** The generator mulberry32: 32 bits of state, good enough for traffic. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    between: (from, to) => from + (to - from) * next(),
    below: (below) => Math.floor(below * next()),
    chance: (probability) => next() < probability,
  }
}

/** Draws an index in proportion to `weights`; takes a number in [0, 1). */
export function weighted(weights: readonly number[]): (uniform: number) => number {
  const sums = Float64Array.from(weights)
  for (let i = 1; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + (sums[i - 1] ?? 0)
  const total = sums.at(-1) ?? 0
  return (uniform) => {
    const wanted = uniform * total
    let [low, high] = [0, sums.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sums[middle] ?? 0) > wanted) high = middle
      else low = middle + 1
    }
    return low
  }
}
