/**
 * Signals this close together are one, in milliseconds: npm passes on a signal that the whole process group has
 * received already, so one Ctrl-C arrives twice.
 */
const SAME_SIGNAL_MS = 1_000

/** Whether the process has been asked to stop. */
export interface StopSignals {
  /** Resolves with the first SIGTERM or SIGINT. */
  readonly asked: Promise<NodeJS.Signals>
}

/**
 * Listens for SIGTERM and SIGINT from now on. A second one, more than a second after the first, ends the process at
 * once with code 1. The first process of a container must listen: the kernel gives it no default for these signals.
 */
export function listenForStop(): StopSignals {
  const { promise: asked, resolve } = Promise.withResolvers<NodeJS.Signals>()
  let first_at: number | null = null
  const onSignal = (signal: NodeJS.Signals) => {
    const now = performance.now()
    if (first_at !== null && now - first_at >= SAME_SIGNAL_MS) process.exit(1)
    first_at ??= now
    resolve(signal)
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  return { asked }
}
