import { execFileSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import ts from 'typescript'

/**
 * Builds the Action: `node scripts/build-action.ts [OUT]`, OUT being `dist` by default.
 *
 * The build runs on a copy, in a folder of its own. ncc names modules by their path from the working directory, so
 * the result is the same wherever the project lies. The toolkit's packages don't say that they
 * are free of side effects, and without that ncc keeps all of their HTTP client; the copy says it.
 */
const ROOT = resolve(import.meta.dirname, '..')
const TOOLKIT = ['core', 'github', 'http-client']

/** Builds the Action into the folder `out`, which is emptied first. */
export function buildAction(out: string): void {
  const stage = mkdtempSync(join(tmpdir(), 'model-dispatch-action-'))
  try {
    stageToolkit(stage)
    stageSources(join(ROOT, 'src'), join(stage, 'src'))
    writeFileSync(join(stage, 'package.json'), JSON.stringify({ name: 'model-dispatch', type: 'module' }))
    rmSync(out, { recursive: true, force: true })
    bundle(stage, out)
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}

function stageToolkit(stage: string): void {
  linkPackages(join(ROOT, 'node_modules'), join(stage, 'node_modules'), ['@actions'])
  linkPackages(join(ROOT, 'node_modules', '@actions'), join(stage, 'node_modules', '@actions'), TOOLKIT)
  for (const name of TOOLKIT) {
    const copy = join(stage, 'node_modules', '@actions', name)
    cpSync(join(ROOT, 'node_modules', '@actions', name), copy, { recursive: true })
  }
  for (const manifest of TOOLKIT.flatMap((name) =>
    manifestsIn(join(stage, 'node_modules', '@actions', name)),
  )) {
    const fields = JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, unknown>
    writeFileSync(manifest, JSON.stringify({ ...fields, sideEffects: false }))
  }
}

/** The toolkit's own manifests in a copy of one of its packages, those that it brings along included. */
function manifestsIn(copy: string): string[] {
  const paths = readdirSync(copy, { recursive: true, encoding: 'utf8' })
  return paths
    .filter((path) => path === 'package.json' || /@actions[/\\][^/\\]+[/\\]package\.json$/.test(path))
    .map((path) => join(copy, path))
}

/** Every package of `from` but `others`, as links: they are looked at, but nothing of them gets into the result. */
function linkPackages(from: string, to: string, others: readonly string[]): void {
  mkdirSync(to, { recursive: true })
  for (const name of readdirSync(from)) {
    if (!others.includes(name) && !name.startsWith('.')) symlinkSync(join(from, name), join(to, name))
  }
}

/** Compiles file by file; the type check is `npm run typecheck`. */
function stageSources(from: string, to: string): void {
  for (const path of readdirSync(from, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.ts')) continue
    const target = join(to, path.replace(/\.ts$/, '.js'))
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, compile(readFileSync(join(from, path), 'utf8'), path))
  }
}

function compile(source: string, fileName: string): string {
  const compilerOptions = {
    target: ts.ScriptTarget.ES2024,
    module: ts.ModuleKind.ESNext,
    verbatimModuleSyntax: true,
    rewriteRelativeImportExtensions: true,
  }
  return ts.transpileModule(source, { fileName, compilerOptions }).outputText
}

function bundle(stage: string, out: string): void {
  // Its loaders' paths are part of the modules' names: it has to lie in the same place, too.
  const ncc = join(stage, 'ncc')
  cpSync(dirname(createRequire(import.meta.url).resolve('@vercel/ncc/package.json')), ncc, {
    recursive: true,
  })
  const options = ['--no-cache', '--quiet', '--minify', '--license', 'licenses.txt', '--target', 'es2022']
  execFileSync(
    process.execPath,
    [join(ncc, 'dist', 'ncc', 'cli.js'), 'build', 'src/index.js', '--out', out, ...options],
    {
      cwd: stage,
      stdio: 'inherit',
    },
  )
}

if (import.meta.main) buildAction(resolve(process.argv[2] ?? join(ROOT, 'dist')))
