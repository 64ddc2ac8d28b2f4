import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { namedTests } from './named-tests.ts'
import { REGRESSIONS } from './table.ts'
import type { NamedTest, Regression } from './table-types.ts'

/** Where the document is kept. */
export const DOCUMENT = join(import.meta.dirname, '..', '..', 'docs', 'regressions.md')

const INTRODUCTION = `# Failures of others

What went wrong in other projects, in public, and the test here that it must not happen again. Where it cannot happen,
the table says why. Written by \`npm run regressions\` from \`test/regressions/rows-*.ts\`.
`

/** The document of the table, in Markdown. */
export async function renderDocument(): Promise<string> {
  const rows = REGRESSIONS.map((regression) => `| ${cellsOf(regression).map(escaped).join(' | ')} |`)
  const head = ['| | seen in | must not happen | test |', '| --- | --- | --- | --- |']
  const text = `${INTRODUCTION}\n${[...head, ...rows].join('\n')}\n`
  return await format(text, { ...(await resolveConfig(DOCUMENT)), filepath: DOCUMENT })
}

function cellsOf(regression: Regression): string[] {
  const { row, seen_in, must_not_happen } = regression
  const shown = 'tests' in regression ? regression.tests.map(linkTo).join('<br>') : `_${regression.why_not}_`
  return [String(row), seen_in, must_not_happen, shown]
}

function linkTo({ file, name }: NamedTest): string {
  const sentence = namedTests(file).get(name) ?? name
  // Places that the cases of a test fill in.
  return `[${sentence.replaceAll(/%[sij]|\$\w+/g, '…')}](../${file})`
}

const escaped = (cell: string) => cell.replaceAll('|', '\\|')
