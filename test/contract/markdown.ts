import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonObject } from '../../src/contract/model-event.ts'

/** The top of the project. */
export const ROOT = join(import.meta.dirname, '..', '..')

/** What people read, by its path from the top: every Markdown file at the top and in docs/. */
export const DOCUMENTS: readonly string[] = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT }).sort()

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

/** The links and pictures of a document that lead to files of the project and to headings. */
export function localLinks(markdown: string): { path: string; anchor: string }[] {
  return Array.from(withoutCode(markdown).matchAll(/\]\(([^)\s]*)\)/g), ([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor = ''] = target.split('#', 2)
      return { path, anchor }
    })
}

/** The anchors that one can link to: those that GitHub gives the headings, and those that are written out. */
export function anchors(markdown: string): string[] {
  const text = withoutCode(markdown)
  const headings = Array.from(text.matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
  return [...headings, ...Array.from(text.matchAll(/<a id="([^"]+)"><\/a>/g), ([, id = '']) => id)]
}

const withoutCode = (markdown: string): string => markdown.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '')

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
