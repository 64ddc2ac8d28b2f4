import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { declaredPart, typeLists, typePages } from '../../scripts/docs/type-pages.ts'
import { DESTINATION_TYPES } from '../../receiver/destinations/index.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import { anchors, codeBlocks, DOCUMENTS, localLinks, readProject, ROOT } from './markdown.ts'

const BLOCKS = DOCUMENTS.flatMap((path) =>
  codeBlocks(readProject(path)).map((block) => ({ ...block, place: `${path}:${block.line}` })),
)
/** Languages of blocks that a test runs or parses, and those that are pictures or read by another program. */
const SHELL = ['sh', 'console']
const CHECKED = [...SHELL, 'json', 'yaml', 'python', 'ini', 'nginx']
const SHOWN = ['text', 'sql', 'caddyfile', 'http']

describe('every page', () => {
  it.each(DOCUMENTS)('%s has links that lead to files and headings that exist', (path) => {
    const broken = localLinks(readProject(path)).filter(({ path: target, anchor }) => {
      const file = target === '' ? path : join(dirname(path), target)
      if (!existsSync(join(ROOT, file))) return true
      return anchor !== '' && !anchors(readProject(file)).includes(anchor)
    })
    expect(broken).toEqual([])
  })

  it.each(DOCUMENTS)('%s has each anchor once', (path) => {
    const all = anchors(readProject(path))
    expect(all.filter((anchor, i) => all.indexOf(anchor) !== i)).toEqual([])
  })

  it.each(DOCUMENTS)('%s names only npm scripts that exist', (path) => {
    const { scripts } = JSON.parse(readProject('package.json')) as { scripts: Record<string, string> }
    const text = readProject(path)
    const run = Array.from(text.matchAll(/npm run (?:-s |--silent )?([\w:-]+)/g), ([, name]) => name)
    const short = Array.from(text.matchAll(/npm (start|test)\b/g), ([, name]) => name)
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining([...run, ...short]))
  })

  it('can be reached from the README', () => {
    const reached = new Set(['README.md'])
    for (const path of reached) {
      if (!path.endsWith('.md')) continue
      for (const { path: target } of localLinks(readProject(path)))
        if (target !== '') reached.add(join(dirname(path), target))
    }
    expect(DOCUMENTS.filter((path) => !reached.has(path))).toEqual([])
  })
})

describe('every block', () => {
  it('is in a language that a test reads, or is only shown', () => {
    const other = BLOCKS.filter(({ language }) => ![...CHECKED, ...SHOWN].includes(language))
    expect(other.map(({ place, language }) => `${place} ${language}`)).toEqual([])
  })

  it.each(BLOCKS.filter(({ language }) => SHELL.includes(language)))(
    '$place is shell that bash can parse',
    ({ text }) => {
      const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' })
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    },
  )

  it.each(BLOCKS.filter(({ language }) => language === 'json'))('$place is JSON', ({ text }) => {
    expect(() => void JSON.parse(text)).not.toThrow()
  })
})

describe('the page of a source type or a destination type', async () => {
  const pages = await typePages(SOURCE_TYPES, DESTINATION_TYPES)
  const lists = [...(await typeLists(SOURCE_TYPES, DESTINATION_TYPES))]

  it.each(lists)('%s lists every type (npm run docs)', (path, text) => {
    expect(readProject(path)).toBe(text)
  })

  it.each(pages)('$path has what the type declares (npm run docs)', ({ path, declared }) => {
    expect(declaredPart(readProject(path))).toBe(declared)
  })
})
