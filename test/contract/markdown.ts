import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonObject } from '../../src/contract/model-event.ts'

/** The top of the project. */
export const ROOT = join(import.meta.dirname, '..', '..')

/** What people read, by its path from the top. */
export const DOCUMENTS = [
  'README.md',
  'docs/configuration.md',
  'docs/contract.md',
  'docs/architecture.md',
  'docs/operations.md',
  'docs/security.md',
]

/** A fenced block of a document. */
export interface CodeBlock {
  language: string
  text: string
  /** From 1, of its first line of text. */
  line: number
}

/** A file of the project, by its path from the top. */
export function readProject(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** Every fenced block, in order. */
export function codeBlocks(markdown: string): CodeBlock[] {
  return Array.from(markdown.matchAll(/^( *)```(\w*)\n([\s\S]*?)^\1```$/gm), (match) => {
    const [, indent = '', language = '', text = ''] = match
    const line = markdown.slice(0, match.index).split('\n').length + 1
    return { language, text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''), line }
  })
}

/** The rows of the first table under a heading (`## Inputs`), without its head: each the texts of its cells. */
export function tableUnder(markdown: string, heading: string): string[][] {
  const lines = markdown.split('\n')
  const start = lines.findIndex((line) => line === heading)
  if (start < 0) throw new Error(`There is no heading ${heading}`)
  const table = lines.slice(start + 1)
  const first = table.findIndex((line) => line.startsWith('|'))
  const rows = table.slice(first)
  const end = rows.findIndex((line) => !line.startsWith('|'))
  return rows.slice(2, end).map((row) => {
    const cells = row.slice(1, -1).split(/(?<!\\)\|/)
    return cells.map((cell) => cell.trim())
  })
}

/** The links to files of the project and to headings, with what follows the `#`. */
export function localLinks(markdown: string): { path: string; anchor: string }[] {
  const withoutCode = markdown.replaceAll(/^```[\s\S]*?^```$/gm, '')
  return Array.from(withoutCode.matchAll(/\]\(([^)\s]*)\)/g), ([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor = ''] = target.split('#', 2)
      return { path, anchor }
    })
}

/** The anchors that GitHub gives the headings of a document. */
export function anchors(markdown: string): string[] {
  const withoutCode = markdown.replaceAll(/^```[\s\S]*?^```$/gm, '')
  return Array.from(withoutCode.matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** A name in backticks, as the tables write it. */
export function named(name: string): string {
  return `\`${name}\``
}

/** The JSON blocks of a document. */
export function jsonBlocks(path: string): JsonObject[] {
  return codeBlocks(readProject(path))
    .filter(({ language }) => language === 'json')
    .map(({ text }) => JSON.parse(text) as JsonObject)
}

/** The client_payload of docs/contract.md. */
export function contractExample(): JsonObject {
  return jsonBlocks('docs/contract.md').find((block) => 'model_event' in block) ?? {}
}
