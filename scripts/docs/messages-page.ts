import { messagesOf, type Message } from './messages.ts'

/** Where the page is kept, from the top of the project. */
export const MESSAGES_PAGE = 'docs/messages.md'

const INTRODUCTION = `# Messages

Every message of the receiver that comes with a fix, by what it is about. \`…\` stands for what the receiver fills in: a
name, a file, a number. In the configuration, the message follows the key; in the environment, the name of the variable.
Where the second column is empty, the receiver makes that part up when it runs, or the message itself says it.
[Troubleshooting](troubleshooting.md) starts from what you see instead.

Written by \`npm run docs\` from the sources.

<!-- Columns of even width would make every change touch every line. -->
<!-- prettier-ignore-start -->
`

/** Folders and the heading of their messages; the first that fits wins. */
const GROUPS: readonly (readonly [folder: string, heading: string])[] = [
  ['receiver/config/environment/', 'Environment variables'],
  ['receiver/config/', 'Configuration file'],
  ['receiver/automations/', 'Patterns and conditions'],
  ['receiver/templates/', 'Templates'],
  ['receiver/destinations/', 'Destinations'],
  ['receiver/github/', 'GitHub'],
  ['receiver/store/', 'The store and deliveries'],
  ['receiver/deliveries/', 'The store and deliveries'],
  ['src/contract/', 'Payloads'],
  ['src/', 'Inputs of the Action'],
  ['receiver/', 'The receiver'],
]

/** Returns the page of messages, in Markdown. */
export function messagesPage(): string {
  const groups = new Map<string, Message[]>()
  for (const [, heading] of GROUPS) groups.set(heading, [])
  for (const message of messagesOf()) {
    const heading = GROUPS.find(([folder]) => message.file.startsWith(folder))?.[1] ?? 'The receiver'
    groups.get(heading)?.push(message)
  }
  const taken = new Set<string>()
  const sections = [...groups]
    .filter(([, messages]) => messages.length > 0)
    .map(([heading, messages]) => `## ${heading}\n\n${tableOf(heading, messages, taken)}\n`)
  return `${[INTRODUCTION, ...sections].join('\n')}\n<!-- prettier-ignore-end -->\n`
}

function tableOf(heading: string, messages: readonly Message[], taken: Set<string>): string {
  const unique = [...new Map(messages.map((message) => [message.text, message])).values()]
  const rows = unique.map(({ text, fix }) => {
    return `| <a id="${anchorOf(heading, text, taken)}"></a>${cell(text)} | ${cell(fix)} |`
  })
  return ['| Message | What to do |', '| --- | --- |', ...rows].join('\n')
}

/** A stable anchor: the heading and the first words. */
function anchorOf(heading: string, text: string, taken: Set<string>): string {
  const words = `${heading} ${text}`.toLowerCase().match(/[a-z0-9_]+/g) ?? []
  const base = words.slice(0, 12).join('-')
  let anchor = base
  for (let n = 2; taken.has(anchor); n += 1) anchor = `${base}-${n}`
  taken.add(anchor)
  return anchor
}

/** A text as Markdown shows it, letter by letter, in a cell of a table. */
function cell(text: string): string {
  return text
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll(/[\\|*_<>[\]]/g, (character) => `\\${character}`)
    .replaceAll(/`([^`]*)`/g, (code) => code.replaceAll(/\\(?!\|)(.)/g, '$1'))
}
