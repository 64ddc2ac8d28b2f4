import { styleText } from 'node:util'

/** Prints the demo. */
export interface Screen {
  title(text: string): void
  /** A numbered step. */
  step(text: string): void
  /** A label and what it says, wrapped and aligned. `mood` colours it. */
  row(label: string, text: string, mood?: Mood): void
  /** A closing line. */
  line(text: string): void
}

/** How a row is coloured: `refused` is an answer that turns somebody away. */
export type Mood = 'plain' | 'good' | 'refused'

const STYLES = { plain: [], good: ['green'], refused: ['yellow'] } as const satisfies Record<Mood, unknown>
const INDENT = '   '
const LABEL_WIDTH = 10
const WIDTH = 100

/** Prints on `stream`; in colours where it is a terminal and NO_COLOR is unset. */
export function createScreen(stream: NodeJS.WriteStream): Screen {
  let steps = 0
  const style = (format: Parameters<typeof styleText>[0], text: string) =>
    styleText(format, text, { stream, validateStream: true })
  const write = (text: string) => stream.write(`${text}\n`)
  return {
    title: (text) => write(style('bold', text)),
    step(text) {
      steps += 1
      write(`\n${style('bold', `${steps}. ${text}`)}`)
    },
    row(label, text, mood = 'plain') {
      const [first = '', ...rest] = wrap(text, WIDTH - INDENT.length - LABEL_WIDTH)
      const coloured = (part: string) => style([...STYLES[mood]], part)
      write(`${INDENT}${style('cyan', label.padEnd(LABEL_WIDTH))}${coloured(first)}`)
      for (const part of rest) write(`${INDENT}${' '.repeat(LABEL_WIDTH)}${coloured(part)}`)
    },
    line: (text) => write(text),
  }
}

/** Breaks a text at spaces into lines of at most `width` characters; a longer word keeps a line of its own. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (longer.length <= width || line === '') {
      line = longer
    } else {
      lines.push(line)
      line = word
    }
  }
  return [...lines, line]
}
