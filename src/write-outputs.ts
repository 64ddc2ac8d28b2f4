import { appendFileSync } from 'node:fs'
import { OUTPUT_NAMES, type Outputs } from './outputs.ts'

/**
 * Writes every output into the file that the runner names in GITHUB_OUTPUT, at once.
 *
 * The toolkit's `setOutput` draws a random delimiter for each value, and loading Node's crypto for that takes
 * a third of the time that Node itself needs to start. A delimiter that occurs in no value is as safe, whoever
 * wrote the values: only a line equal to it ends one
 * (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#multiline-strings).
 */
export function writeOutputs(outputs: Outputs): void {
  const path = process.env['GITHUB_OUTPUT']
  if (path === undefined || path === '') return
  const delimiter = unusedDelimiter(Object.values(outputs))
  const lines = OUTPUT_NAMES.map((name) => `${name}<<${delimiter}\n${outputs[name]}\n${delimiter}\n`)
  appendFileSync(path, lines.join(''))
}

function unusedDelimiter(values: readonly string[]): string {
  const text = values.join('\n')
  for (let n = 0; ; n++) {
    const delimiter = `ghadelimiter_${n}`
    if (!text.includes(delimiter)) return delimiter
  }
}
