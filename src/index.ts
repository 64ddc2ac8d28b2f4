import { appendFileSync, writeSync } from 'node:fs'
import { getInput, notice, setFailed } from '@actions/core'
import { readGitHubEvent } from './github-event.ts'
import { readInputs } from './inputs.ts'
import type { Inputs } from './inputs.ts'
import { emptyOutputs } from './outputs.ts'
import { printable } from './printable.ts'
import { receive } from './received.ts'
import { run } from './run.ts'
import type { Result } from './run.ts'
import { summaryHtml } from './summary.ts'
import { writeOutputs } from './write-outputs.ts'

const UNGUARDED = 'Steps and jobs that do not check the output matched still run.'

async function main(): Promise<void> {
  try {
    await step()
  } catch (error) {
    const message = printable(error instanceof Error ? error.message : String(error))
    writeOutputs({ ...emptyOutputs(), reason: 'no-event', message })
    setFailed(message)
  }
}

async function step(): Promise<void> {
  const inputs = readInputs(getInput)
  const github = inputs.payload === '' ? await readGitHubEvent() : { problem: '' }
  const result = run(inputs, receive(inputs.payload, github))
  writeOutputs(result.outputs)
  tell(inputs, result)
  if (inputs.show_summary) writeSummary(result)
}

/** Says in the log how it went. Nothing gets there but through `printable`. */
function tell({ on_mismatch }: Inputs, { reason, message, received }: Result): void {
  const hint = received?.hint ?? null
  if (hint !== null) say(printable(hint))
  if (reason === 'matched') say(printable(`Matched: ${message}`))
  else if (on_mismatch === 'fail') setFailed(printable(`Not matched, ${reason}: ${message}`))
  else notice(printable(`Not matched, ${reason}: ${message} ${UNGUARDED}`))
}

/** One line of the log, as the toolkit's `info` prints it, but without loading Node's streams for it. */
function say(line: string): void {
  try {
    writeSync(1, `${line}\n`)
  } catch {
    // A full or closed log is no reason for the step to fail.
  }
}

/** Written at once: what the toolkit's own writer loads and starts for it takes a tenth of the whole step. */
function writeSummary(result: Result): void {
  const path = process.env['GITHUB_STEP_SUMMARY']
  if (path === undefined || path === '') return
  try {
    appendFileSync(path, summaryHtml(result))
  } catch (error) {
    say(printable(`The summary cannot be written: ${String(error)}`))
  }
}

// No top-level await: with it the bundler would keep every module apart.
void main()
