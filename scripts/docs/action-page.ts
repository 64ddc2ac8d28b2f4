import { format, resolveConfig } from 'prettier'
import { parse } from 'yaml'

/** The page of the Action, from the top of the project. */
export const ACTION_PAGE = 'docs/action.md'

/** How many outputs the page shows first: those that action.yml names first. */
const FIRST_OUTPUTS = 6

interface Manifest {
  inputs: Record<string, { description: string; default: string }>
  outputs: Record<string, { description: string }>
}

/**
 * Returns the page with each of its tables (between `<!-- action.yml: NAME -->` and `<!-- /action.yml -->`) written
 * anew from the text of action.yml, formatted. All other text stays.
 * @throws Error when the page lacks a table.
 */
export async function withActionTables(page: string, manifest: string): Promise<string> {
  const written = Object.entries(tablesOf(parse(manifest) as Manifest)).reduce(
    (text, [name, table]) => withTable(text, name, table),
    page,
  )
  const style = await resolveConfig(import.meta.filename)
  return format(written, { ...style, parser: 'markdown' })
}

function tablesOf({ inputs, outputs }: Manifest): Record<string, string> {
  const rows = Object.entries(outputs).map(([name, { description }]) => [`\`${name}\``, oneLine(description)])
  const inputRows = Object.entries(inputs).map(([name, { description, default: value }]) => [
    `\`${name}\``,
    value === '' ? '' : `\`${value}\``,
    oneLine(description),
  ])
  return {
    'first outputs': tableOf(['Output', 'What it holds'], rows.slice(0, FIRST_OUTPUTS)),
    'other outputs': tableOf(['Output', 'What it holds'], rows.slice(FIRST_OUTPUTS)),
    inputs: tableOf(['Input', 'Default', 'What it does'], inputRows),
  }
}

function tableOf(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}

function withTable(page: string, name: string, table: string): string {
  const [begin, end] = [`<!-- action.yml: ${name} -->`, '<!-- /action.yml -->']
  const start = page.indexOf(begin)
  const stop = page.indexOf(end, start)
  if (start < 0 || stop < 0) throw new Error(`${ACTION_PAGE} has no ${begin} with a ${end} after it.`)
  return `${page.slice(0, start + begin.length)}\n\n${table}\n\n${page.slice(stop)}`
}
