import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

/**
 * The rooms of the house from the ground up, and which rooms each may import from: only from rooms above it in this
 * list, so that every arrow points down. An `import type` is an import.
 */
const ROOMS: readonly [room: string, ...imports: string[]][] = [
  ['receiver/dashboard'],
  ['src/contract'],
  ['src', 'src/contract'],
  ['receiver/secrets', 'src/contract'],
  ['receiver/observe', 'receiver/secrets'],
  ['receiver/policy', 'src/contract'],
  ['receiver/outbound', 'src/contract', 'receiver/secrets', 'receiver/policy'],
  ['receiver/templates', 'src/contract'],
  ['receiver/sources', 'src/contract', 'receiver/secrets'],
  ['receiver/automations', 'src/contract', 'receiver/observe', 'receiver/templates'],
  [
    'receiver/github',
    'src/contract',
    'receiver/secrets',
    'receiver/observe',
    'receiver/policy',
    'receiver/outbound',
  ],
  [
    'receiver/destinations',
    'src/contract',
    'receiver/secrets',
    'receiver/observe',
    'receiver/policy',
    'receiver/outbound',
    'receiver/templates',
    'receiver/automations',
    'receiver/github',
  ],
  ['receiver/store', 'src/contract', 'receiver/observe', 'receiver/policy', 'receiver/sources'],
  [
    'receiver/config',
    'src/contract',
    'receiver/secrets',
    'receiver/outbound',
    'receiver/templates',
    'receiver/sources',
    'receiver/automations',
    'receiver/github',
    'receiver/destinations',
  ],
  [
    'receiver/runtime',
    'src/contract',
    'receiver/outbound',
    'receiver/secrets',
    'receiver/observe',
    'receiver/sources',
    'receiver/automations',
    'receiver/github',
    'receiver/destinations',
    'receiver/store',
    'receiver/config',
  ],
  [
    'receiver/lookups',
    'src/contract',
    'receiver/secrets',
    'receiver/observe',
    'receiver/outbound',
    'receiver/sources',
    'receiver/store',
    'receiver/config',
    'receiver/runtime',
  ],
  [
    'receiver/deliveries',
    'src/contract',
    'receiver/observe',
    'receiver/policy',
    'receiver/outbound',
    'receiver/sources',
    'receiver/automations',
    'receiver/github',
    'receiver/destinations',
    'receiver/store',
    'receiver/config',
    'receiver/runtime',
    'receiver/lookups',
  ],
  [
    'receiver/ingest',
    'src/contract',
    'receiver/secrets',
    'receiver/observe',
    'receiver/sources',
    'receiver/automations',
    'receiver/github',
    'receiver/store',
    'receiver/config',
    'receiver/runtime',
    'receiver/deliveries',
  ],
  [
    'receiver/trials',
    'src/contract',
    'receiver/observe',
    'receiver/policy',
    'receiver/sources',
    'receiver/automations',
    'receiver/destinations',
    'receiver/store',
    'receiver/config',
    'receiver/runtime',
    'receiver/deliveries',
    'receiver/ingest',
  ],
  [
    'receiver/doctor',
    'src/contract',
    'receiver/observe',
    'receiver/store',
    'receiver/outbound',
    'receiver/templates',
    'receiver/automations',
    'receiver/github',
    'receiver/destinations',
    'receiver/config',
  ],
  [
    'receiver/api',
    'src/contract',
    'receiver/secrets',
    'receiver/observe',
    'receiver/policy',
    'receiver/automations',
    'receiver/store',
    'receiver/config',
    'receiver/runtime',
    'receiver/deliveries',
    'receiver/ingest',
    'receiver/trials',
  ],
]

/** The rooms that tie the others together, and may import from all of them. */
const TIES = ['receiver', 'receiver/cli']

const ROOT = join(import.meta.dirname, '..', '..')
const HEIGHT = new Map(ROOMS.map(([room], index) => [room, index]))
const LENDERS = new Map(ROOMS.map(([room, ...imports]) => [room, new Set(imports)]))

/** Every file of ours with the files of ours that it imports, types included. */
const IMPORTS = new Map(
  ['src', 'receiver'].flatMap((top) =>
    readdirSync(join(ROOT, top), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => [join(top, file), importsOf(join(top, file))] as const),
  ),
)

function importsOf(file: string): string[] {
  const { importedFiles } = ts.preProcessFile(textOf(file), true, true)
  return importedFiles
    .filter(({ fileName }) => fileName.startsWith('.') && fileName.endsWith('.ts'))
    .map(({ fileName }) => relative(ROOT, join(ROOT, dirname(file), fileName)))
}

function textOf(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

/** The room of a file: `src/contract`, `receiver/store`; of the receiver's own top, which ties all together, `receiver`. */
function roomOf(file: string): string {
  const [top = '', folder = ''] = dirname(file).split('/')
  return HEIGHT.has(`${top}/${folder}`) || top !== 'src' ? join(top, folder) : top
}

describe('the house', () => {
  it('lists every room that has files', () => {
    const rooms = new Set([...IMPORTS.keys()].map(roomOf).filter((room) => !TIES.includes(room)))
    expect([...rooms].filter((room) => !HEIGHT.has(room))).toEqual([])
  })

  it('lets every room borrow only from rooms above it in the list', () => {
    const upward = ROOMS.flatMap(([room, ...imports], index) =>
      imports
        .filter((lender) => (HEIGHT.get(lender) ?? index) >= index)
        .map((lender) => `${room} <- ${lender}`),
    )
    expect(upward).toEqual([])
  })

  it('has no import, of a type or a value, that the list does not allow', () => {
    const strange = [...IMPORTS].flatMap(([file, imports]) => {
      const room = roomOf(file)
      const lenders = LENDERS.get(room)
      return imports
        .filter((path) => lenders !== undefined && roomOf(path) !== room && !lenders.has(roomOf(path)))
        .map((path) => `${file} -> ${path}`)
    })
    expect(strange).toEqual([])
  })

  it('has no file that imports itself in a circle, by types or by values', () => {
    const circles: string[] = []
    const done = new Set<string>()
    const walk = (file: string, path: string[]) => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' -> '))
      if (path.includes(file) || done.has(file)) return
      for (const next of IMPORTS.get(file) ?? []) walk(next, [...path, file])
      done.add(file)
    }
    for (const file of IMPORTS.keys()) walk(file, [])
    expect(circles).toEqual([])
  })

  it('keeps the contract free of packages', () => {
    const packages = [...IMPORTS.keys()]
      .filter((file) => file.startsWith('src/contract'))
      .filter((file) => /from '(?!\.)/.test(textOf(file)))
    expect(packages).toEqual([])
  })

  it('keeps Express to the HTTP side and SQL to the store', () => {
    const uses = (name: string) =>
      [...IMPORTS.keys()].filter((file) => new RegExp(`from '${name}`).test(textOf(file)))
    const rooms = (files: string[]) => [...new Set(files.map(roomOf))].sort()
    expect(rooms(uses('express'))).toEqual([
      'receiver',
      'receiver/api',
      'receiver/dashboard',
      'receiver/ingest',
      'receiver/observe',
    ])
    expect(rooms([...uses('kysely'), ...uses('node:sqlite'), ...uses('pg')])).toEqual(['receiver/store'])
  })
})
