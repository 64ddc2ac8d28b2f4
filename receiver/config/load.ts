import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Problem } from '../../src/contract/problem.ts'
import type { SecretCut } from '../secrets/clean.ts'
import { createGuard, resolveBySystem, type Guard } from '../outbound/guard.ts'
import { assemble } from './assemble.ts'
import { ConfigError, type Config, type ConfigProblem } from './config.ts'
import { createContentReader, type ContentReader } from './content.ts'
import type { Environment } from './environment/environment.ts'
import { parseFile, type ParsedFile } from './file.ts'
import { firstOf, problemOf } from './problems.ts'
import type { TypeTables } from './schema.ts'

/** Where a configuration is loaded from. */
export interface LoadOptions extends TypeTables {
  /** A file, or a directory of `*.yaml` and `*.yml` files. */
  path: string
  /** Where `${env:NAME}` is looked up. */
  env: Readonly<Record<string, string | undefined>>
  environment: Environment
  /** The texts of the configuration in use: a directory's file that is faulty since then stays as it was. */
  last_good?: ReadonlyMap<string, string>
  /** Judges the URLs of destinations. Default: by their text alone, without asking any DNS. */
  checkUrl?: (url: string) => Problem | null
}

/** A configuration that can be used. */
export interface LoadedConfig {
  config: Config
  /** Every file and directory that was read, those of `${file:}` and `…_FILE` included: watch these. */
  files: string[]
  /** Hashes of what those held, by path. */
  contents: ReadonlyMap<string, string>
  /** The texts in use by file: `last_good` of the next load. */
  texts: ReadonlyMap<string, string>
  /** The issues of a directory's refused files; the others are in use. */
  team_problems: ConfigProblem[]
  /** The characters that were cut off around the secrets. */
  cuts: SecretCut[]
}

/**
 * Loads the configuration. In a directory each file stands alone: a faulty one is refused with its problems and the
 * others are used.
 * @throws ConfigError when nothing can be used, with every problem of every file.
 */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const run: Run = { options, reader: createContentReader(), problems: [], cuts: new Map() }
  const { texts: found, directory } = readFiles(run)
  const parsed = [...found].flatMap(([file, text]) => parseOrLastGood(file, text, run) ?? [])
  const { config, used } = assembleSound(parsed, run)
  const { problems, reader } = run
  const contents = new Map([...options.environment.contents, ...reader.seen])
  if (config === null || (!directory && problems.length > 0)) throw new ConfigError(problems, contents)
  const texts = new Map(used.map(({ file, text }) => [file, text]))
  return {
    config,
    files: [...contents.keys()],
    contents,
    texts,
    team_problems: problems,
    cuts: [...run.cuts.values()],
  }
}

interface Run {
  options: LoadOptions
  reader: ContentReader
  /** Collected as they are found. */
  problems: ConfigProblem[]
  /** By where each secret was read. */
  cuts: Map<string, SecretCut>
}

function readFiles({ options, reader, problems }: Run): { texts: Map<string, string>; directory: boolean } {
  const { path } = options
  const texts = new Map<string, string>()
  const content = reader.read(path)
  if (content.kind === 'none') problems.push(unreadable(path, content.reason))
  if (content.kind === 'file') texts.set(path, content.text)
  if (content.kind !== 'directory') return { texts, directory: false }
  for (const file of content.names.map((name) => join(path, name))) {
    const inner = reader.read(file)
    if (inner.kind === 'file') texts.set(file, inner.text)
    else problems.push(unreadable(file, inner.kind === 'none' ? inner.reason : 'a directory'))
  }
  if (texts.size === 0) problems.push(problemOf(path, '(directory)', 'holds no .yaml file', 'Put one there.'))
  return { texts, directory: true }
}

function parseOrLastGood(file: string, text: string, run: Run): ParsedFile | null {
  const { options, reader, problems } = run
  const onCut = (cut: SecretCut) => void run.cuts.set(cut.from, cut)
  const context = { tables: options, env: options.env, reader, onCut }
  const parsed = parseFile(file, text, context)
  if (!Array.isArray(parsed)) return parsed
  problems.push(...parsed)
  const before = lastGoodText(file, text, options)
  const again = before === null ? null : parseFile(file, before, context)
  return again === null || Array.isArray(again) ? null : again
}

/** Leaves out files that are faulty together with the others, until the rest is sound. */
function assembleSound(parsed: ParsedFile[], run: Run): { config: Config | null; used: ParsedFile[] } {
  const { options, problems } = run
  const guard = textGuard(options)
  const { checkUrl = (url: string) => guard.checkText(url) } = options
  for (let used = parsed; used.length > 0;) {
    const assembled = assemble(used, options, { ...options, checkUrl })
    if (assembled.problems.size === 0) return { config: assembled.config, used }
    used = used.flatMap((candidate) => {
      const faults = assembled.problems.get(candidate.file)
      if (faults === undefined) return candidate
      problems.push(...firstOf(faults))
      const before = lastGoodText(candidate.file, candidate.text, options)
      return before === null ? [] : (parseOrLastGood(candidate.file, before, run) ?? [])
    })
  }
  return { config: null, used: [] }
}

/** Judges URLs by their text: nothing is resolved. */
function textGuard({ environment, env }: LoadOptions): Guard {
  return createGuard(environment.outbound, { resolve: resolveBySystem, env })
}

function lastGoodText(file: string, text: string, { last_good }: LoadOptions): string | null {
  const before = last_good?.get(file)
  return before === undefined || before === text ? null : before
}

const CREATE_FIX = 'Create it, or set MODEL_DISPATCH_CONFIG to its path (a file or a directory).'
/** How many files beside a missing one are named. */
const MOST_NAMED = 5

/** Returns which files might have been meant instead of one that is not there; null where there is none. */
function nearby(path: string): string | null {
  try {
    const names = readdirSync(dirname(path)).filter((name) => /^[\w.-]{1,80}\.ya?ml$/.test(name))
    if (names.length === 0 || names.length > MOST_NAMED) return null
    return `There is ${names.join(', ')} beside it: rename it, or set MODEL_DISPATCH_CONFIG to its path.`
  } catch {
    return null
  }
}

const UNREADABLE_FIXES = new Map([
  ['EACCES', 'Let the user of this process read it.'],
  ['EPERM', 'Let the user of this process read it.'],
  ['larger than 4 MiB', 'Split it: MODEL_DISPATCH_CONFIG may be a directory.'],
  ['not UTF-8', 'Save it as UTF-8.'],
  ['not a file', 'Set MODEL_DISPATCH_CONFIG to a plain file or a directory.'],
  ['a directory', 'Move its files one level up: directories in a directory are not read.'],
])

function unreadable(path: string, reason: string): ConfigProblem {
  const fix = UNREADABLE_FIXES.get(reason) ?? nearby(path) ?? CREATE_FIX
  return problemOf(path, '(file)', `cannot be read (${reason})`, fix)
}
