import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { report, type Done } from './report.ts'

const FILE = join(import.meta.dirname, '..', '..', 'docs', 'performance.md')

/**
 * Puts the figures into docs/performance.md, between the comments `bench` and `bench-long`. A block is replaced
 * whole, so that all of its figures come from one run; the other one stays.
 */
export async function writeDocument(done: Done): Promise<void> {
  let text = await readFile(FILE, 'utf8')
  for (const [block, long] of [
    ['bench', false],
    ['bench-long', true],
  ] as const) {
    const measured = done.measured.filter(({ line }) => line.long === long)
    if (measured.length > 0) text = replaceBlock(text, block, report({ ...done, measured }))
  }
  await writeFile(FILE, await format(text, { ...(await resolveConfig(FILE)), filepath: FILE }))
}

function replaceBlock(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${FILE} lacks the comments ${begin} and ${end}: put them back.`)
  return `${text.slice(0, from)}${begin}\n\n${content}\n\n${text.slice(to)}`
}
