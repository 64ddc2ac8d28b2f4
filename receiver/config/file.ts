import { dirname } from 'node:path'
import type { Json } from '../../src/contract/model-event.ts'
import type { ConfigProblem } from './config.ts'
import type { ContentReader } from './content.ts'
import type { SecretCut } from '../secrets/clean.ts'
import { faultsOf } from './issues.ts'
import { firstOf, type Fault } from './problems.ts'
import { resolveReferences } from './references.ts'
import { fileSchema, type ConfigFile, type TypeTables } from './schema.ts'
import { readYaml } from './yaml-document.ts'

/** The context of parsing a file. */
export interface ParseContext {
  tables: TypeTables
  env: Readonly<Record<string, string | undefined>>
  reader: ContentReader
  /** Told of what was cut off around a secret. */
  onCut: (cut: SecretCut) => void
}

/** A configuration file, checked by itself. */
export interface ParsedFile {
  file: string
  text: string
  content: ConfigFile
  /** The problem of a fault of this file, with its line. */
  locate: (fault: Fault) => ConfigProblem
}

/** Reads one file's text: its form, its references, its keys. Returns its problems when it has any. */
export function parseFile(
  file: string,
  text: string,
  { tables, ...sources }: ParseContext,
): ParsedFile | ConfigProblem[] {
  const document = readYaml(file, text)
  if (Array.isArray(document)) return document
  const schema = fileSchema(tables)
  const written = withoutExtensions(document.value)
  const { value, faults } = resolveReferences(written, { schema, ...sources, directory: dirname(file) })
  const parsed = schema.safeParse(value)
  if (!parsed.success) faults.push(...faultsOf(parsed.error.issues, { schema, value: written }))
  const { locate } = document
  if (!parsed.success || faults.length > 0) return [...firstOf(faults.map(locate))]
  return { file, text, content: parsed.data, locate }
}

/** Removes the top-level keys `x-…`, which are the user's own: a place for anchors. */
function withoutExtensions(value: Json): Json {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith('x-')))
}
