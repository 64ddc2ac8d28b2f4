import { DemoProblem } from './problem.ts'
import { createScreen } from './screen.ts'
import { onStage } from './stage.ts'
import { tell } from './story.ts'

/**
 * `npm run demo`: events of two registries on their whole way to the jobs of a workflow, on this machine alone.
 * Ends with 0 when everything went as it should, else with 1 and the reason.
 */

const LONGEST_MS = 45_000

const interrupted = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => {
    interrupted.abort(new DemoProblem('It was interrupted.'))
  })
}
const signal = AbortSignal.any([interrupted.signal, AbortSignal.timeout(LONGEST_MS)])

try {
  await onStage(signal, (stage) => tell(stage, createScreen(process.stdout), signal))
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
