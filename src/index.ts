import { appendFileSync, writeSync } from 'node:fs'
import { getInput, notice, setFailed, warning } from '@actions/core'
import { readGitHubEvent } from './github-event.ts'
import { readInputs, type Inputs } from './inputs.ts'
import type { Reason } from './match.ts'
import { emptyOutputs } from './outputs.ts'
import { printable } from './printable.ts'
import { receive } from './received.ts'
import { run, type Result } from './run.ts'
import { safeText } from './safe-values.ts'
import { UNGUARDED, effectOf, storyLines } from './story.ts'
import { summaryHtml } from './summary.ts'
import { writeOutputs } from './write-outputs.ts'

/** Reasons that are a fault of somebody's, not a filter that did its work: the run shows a warning. */
const FAULTS: readonly Reason[] = ['unsafe-value', 'contradiction', 'no-event']

async function main(): Promise<void> {
  try {
    await step()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    writeOutputs({ ...emptyOutputs(), reason: 'no-event', message: safeText(message) })
    setFailed(printable(message))
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

/**
 * Says in the log what happened, to which model, and what the step does about it: three lines, and one for each piece
 * of advice. Nothing gets there but through `printable`.
 */
function tell(inputs: Inputs, result: Result): void {
  for (const line of storyLines(result)) say(printable(line))
  for (const line of result.advice) warning(printable(line))
  const { reason, message } = result
  if (reason === 'matched') say(printable(`Matched: ${effectOf(result.outputs.environment)}`))
  else refuse(reason, printable(`Not matched, ${reason}: ${message}`), inputs)
}

/** An event of another schema fails the step whatever the inputs say: every later one would be missed, too. */
function refuse(reason: Reason, line: string, { on_mismatch }: Inputs): void {
  if (on_mismatch === 'fail' || reason === 'schema') setFailed(line)
  else if (FAULTS.includes(reason)) warning(`${line} ${UNGUARDED}`)
  else notice(`${line} ${UNGUARDED}`)
}

/** Prints a line of the log as the toolkit's `info` does, but without loading Node's streams for it. */
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
