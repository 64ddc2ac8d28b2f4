import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import { codeBlocks, readProject } from './markdown.ts'

const HEADINGS = ['What is verified', 'Set it up in the registry', 'Events', 'What the registry sends']

describe.each([...SOURCE_TYPES.values()])(
  'the page of the source type $type',
  ({ type, signature_headers }) => {
    const page = readProject(`docs/sources/${type}.md`)

    it('opens with a whole configuration that has such a source', () => {
      const [first] = codeBlocks(page)
      const { sources, automations } = parse(first?.text ?? '') as {
        sources: Record<string, { type: string }>
        automations: unknown[]
      }
      expect([first?.language, Object.values(sources)[0]?.type]).toEqual(['yaml', type])
      expect(automations).toHaveLength(1)
    })

    it('says what is verified and what is not, how to set it up, and which events there are', () => {
      const headings = Array.from(page.matchAll(/^## (.+)$/gm), ([, heading]) => heading)
      expect(headings).toEqual(expect.arrayContaining(HEADINGS))
    })

    it('shows the request on the wire, with the headers that are read', () => {
      const [request] = codeBlocks(page).filter(({ language }) => language === 'http')
      const [start, ...lines] = (request?.text ?? '').split('\n')
      expect(start).toMatch(/^POST \/webhooks\/[\w-]+ HTTP\/1\.1$/)
      const names = lines.slice(0, lines.indexOf('')).map((line) => line.split(':')[0]?.toLowerCase())
      expect(names).toEqual(expect.arrayContaining(signature_headers?.slice(0, 1) ?? []))
    })
  },
)
