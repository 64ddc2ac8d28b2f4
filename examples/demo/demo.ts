import { parseArgs } from 'node:util'
import { keepOpen } from './keep.ts'
import { DemoProblem } from './problem.ts'
import { createScreen } from './screen.ts'
import { onStage } from './stage.ts'
import { tell } from './story.ts'

/**
 * `npm run demo`: events of two registries on their whole way to the jobs of a workflow, on this machine alone.
 * Ends with 0 when everything went as it should, else with 1 and the reason. `npm run demo -- --keep` leaves it running,
 * with its page to click through, until it is interrupted.
 */

const LONGEST_MS = 45_000

const interrupted = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  // Not `once`: a second Ctrl-C, or npm's own, must not end it while it cleans up.
  process.on(name, () => {
    interrupted.abort(new DemoProblem('It was interrupted.'))
  })
}
const signal = AbortSignal.any([interrupted.signal, AbortSignal.timeout(LONGEST_MS)])

try {
  const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } })
  await onStage(signal, async (stage) => {
    const screen = createScreen(process.stdout)
    await tell(stage, screen, signal)
    if (values.keep) await keepOpen(stage, screen, interrupted.signal)
  })
} catch (error) {
  process.exitCode = 1
  console.error(`\nThe demo stopped. ${reasonOf(error)}`)
}

function reasonOf(error: unknown): string {
  const cause: unknown = signal.aborted ? signal.reason : error
  if (cause instanceof DemoProblem) return cause.message
  if (signal.aborted) return `It took longer than ${LONGEST_MS / 1_000} seconds.`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
