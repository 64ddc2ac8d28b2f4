import type { Measured } from './line.ts'

/** All that one call of the benchmark gave. */
export interface Done {
  command: string
  machine: string
  rounds: number
  measured: readonly Measured[]
}

/** The figures as Markdown: what was done where and when, the table, what to know about it. */
export function report({ command, machine, rounds, measured }: Done): string {
  const rows = measured.flatMap((each) => each.rows)
  const notes = measured.flatMap((each) => each.notes)
  const when = `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`
  return [
    `\`${command}\`, ${when}. ${machine}. Medians of ${rounds} interleaved rounds, smallest and largest in brackets; the ratio is the median of the rounds' ratios.`,
    table(
      ['what', 'ours', 'the other', 'ratio', 'goal', 'met'],
      rows.map(({ what, ours, other, ratio, goal, met }) => [
        what,
        ours,
        other,
        ratio.toFixed(2),
        goal ?? '',
        met === null ? '' : met ? 'yes' : '**no**',
      ]),
    ),
    notes.map((note) => `- ${note}`).join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
