import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..')

/** Every file of ours with the files of ours that it imports; types count as well. */
const IMPORTS = new Map(
  ['src', 'receiver'].flatMap((top) =>
    readdirSync(join(ROOT, top), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => [join(top, file), importsOf(join(top, file))] as const),
  ),
)

function importsOf(file: string): { path: string; type_only: boolean }[] {
  const text = readFileSync(join(ROOT, file), 'utf8')
  const found = text.matchAll(/^(?:import|export)(\s+type)?\s[^;'"]*?from '(\.[^']+)'/gm)
  return [...found].map(([, type, path = '']) => ({
    path: relative(ROOT, join(ROOT, dirname(file), path)),
    type_only: type !== undefined,
  }))
}

/** The part of the house that a file belongs to: `src/contract`, `receiver/store`, `receiver` for its top. */
const partOf = (file: string) => {
  const folder = dirname(file).split('/').slice(0, 2).join('/')
  return folder === '' ? file : folder
}

/** For each part: the parts it may call. What is not named here may only lend its types. */
const MAY_CALL: Readonly<Record<string, readonly string[]>> = {
  'src/contract': [],
  src: ['src/contract'],
  'receiver/observe': ['.'],
  'receiver/policy': [],
  'receiver/templates': ['src/contract'],
  'receiver/sources': ['src/contract', 'receiver/secrets'],
  'receiver/automations': ['src/contract', 'receiver/templates', 'receiver/observe'],
  'receiver/outbound': ['receiver/secrets'],
  'receiver/secrets': [],
  'receiver/runtime': [
    'receiver/automations',
    'receiver/deliveries',
    'receiver/destinations',
    'receiver/github',
    'receiver/observe',
    'receiver/store',
  ],
  'receiver/github': ['receiver/outbound', 'receiver/secrets', 'receiver/observe'],
  'receiver/destinations': [
    'src/contract',
    'receiver/templates',
    'receiver/github',
    'receiver/automations',
    'receiver/outbound',
    'receiver/secrets',
    'receiver/observe',
  ],
  'receiver/store': ['receiver/policy', 'receiver/observe'],
  'receiver/config': [
    'src/contract',
    'receiver/outbound',
    'receiver/secrets',
    'receiver/sources',
    'receiver/destinations',
    'receiver/automations',
    'receiver/templates',
  ],
  'receiver/deliveries': [
    'src/contract',
    'receiver/sources',
    'receiver/automations',
    'receiver/destinations',
    'receiver/github',
    'receiver/store',
    'receiver/observe',
  ],
  'receiver/ingest': [
    'src/contract',
    'receiver/sources',
    'receiver/automations',
    'receiver/deliveries',
    'receiver/store',
    'receiver/secrets',
    'receiver/observe',
  ],
  'receiver/api': [
    'src/contract',
    'receiver/secrets',
    'receiver/sources',
    'receiver/automations',
    'receiver/deliveries',
    'receiver/store',
    'receiver/observe',
  ],
}

describe('the house', () => {
  it('has no file that imports itself in a circle', () => {
    const circles: string[] = []
    const done = new Set<string>()
    const walk = (file: string, path: string[]) => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' -> '))
      if (path.includes(file) || done.has(file)) return
      for (const next of IMPORTS.get(file) ?? []) if (!next.type_only) walk(next.path, [...path, file])
      done.add(file)
    }
    for (const file of IMPORTS.keys()) walk(file, [])
    expect(circles).toEqual([])
  })

  it('lets every part call only the parts below it', () => {
    const upward = [...IMPORTS].flatMap(([file, imports]) => {
      const allowed = MAY_CALL[partOf(file)]
      if (allowed === undefined) return []
      return imports
        .filter(({ path, type_only }) => !type_only && partOf(path) !== partOf(file))
        .filter(({ path }) => !allowed.includes(partOf(path)))
        .filter(({ path }) => !namesOnly(file, path))
        .map(({ path }) => `${file} -> ${path}`)
    })
    expect(upward).toEqual([])
  })

  it('keeps the contract free of packages', () => {
    const packages = [...IMPORTS.keys()]
      .filter((file) => file.startsWith('src/contract'))
      .filter((file) => /from '(?!\.)/.test(readFileSync(join(ROOT, file), 'utf8')))
    expect(packages).toEqual([])
  })

  it('keeps Express to the HTTP side and SQL to the store', () => {
    const uses = (name: string) =>
      [...IMPORTS.keys()].filter((file) =>
        new RegExp(`from '${name}`).test(readFileSync(join(ROOT, file), 'utf8')),
      )
    const parts = (files: string[]) => [...new Set(files.map(partOf))].sort()
    expect(parts(uses('express'))).toEqual([
      'receiver',
      'receiver/api',
      'receiver/ingest',
      'receiver/observe',
    ])
    expect(parts([...uses('kysely'), ...uses('node:sqlite'), ...uses('pg')])).toEqual(['receiver/store'])
  })
})

/** Whether all that a file takes from another are types, in an import that mixes both kinds. */
function namesOnly(file: string, path: string): boolean {
  const text = readFileSync(join(ROOT, file), 'utf8')
  const name = path.slice(path.lastIndexOf('/') + 1).replaceAll('.', '\\.')
  const names = new RegExp(`import \\{([^}]*)\\} from '[^']*${name}'`).exec(text)?.[1] ?? 'value'
  return names
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .every((one) => one.startsWith('type '))
}
