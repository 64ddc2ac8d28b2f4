/**
 * Returns a function that takes items one by one and hands over, in their order, all that came until `schedule` calls
 * back: `setImmediate` gathers what arrives in one turn of the event loop, `queueMicrotask` what is settled together.
 */
export function gather<T>(
  schedule: (hand_over: () => void) => unknown,
  work: (items: readonly T[]) => void,
): (item: T) => void {
  let waiting: T[] = []
  const handOver = () => {
    const items = waiting
    waiting = []
    work(items)
  }
  return (item) => {
    if (waiting.push(item) === 1) schedule(handOver)
  }
}

/**
 * Does one step for every item. Returns what the step made of those that go on: of those for which it neither threw nor
 * returned null.
 */
export type Step<Item> = <From extends Item, To>(
  items: readonly From[],
  step: (item: From) => To | null,
) => To[]

/** Returns a `Step` that tells `failed` of each item whose step threw; the others go on. */
export function createStep<Item>(failed: (item: Item, error: unknown) => void): Step<Item> {
  return <From extends Item, To>(items: readonly From[], step: (item: From) => To | null) => {
    const made: To[] = []
    for (const item of items) {
      try {
        const next = step(item)
        if (next !== null) made.push(next)
      } catch (error) {
        failed(item, error)
      }
    }
    return made
  }
}
