import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..')

/** What others extend: each shows how in an `@example` of its documentation. */
const EXTENSION_POINTS = [
  'receiver/destinations/destination.ts',
  'receiver/destinations/http-spec.ts',
  'receiver/sources/source.ts',
  'receiver/cli/command.ts',
]

/** The code of the `@example` blocks of a file. */
function examplesOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8')
  return [...text.matchAll(/^ \* @example\n \* ```ts\n((?: \*.*\n)*?) \* ```$/gm)].map(([, code = '']) =>
    code.replace(/^ \* ?/gm, ''),
  )
}

/** What the compiler says about a text, as if it were a file of this folder. */
function faultsOf(code: string): string[] {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: object
  }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT, { noEmit: true })
  const host = ts.createCompilerHost(options)
  const name = join(import.meta.dirname, 'example-of-an-extension.ts')
  const withExample: ts.CompilerHost = {
    ...host,
    getSourceFile: (path, ...rest) =>
      path === name
        ? ts.createSourceFile(path, code, ts.ScriptTarget.Latest)
        : host.getSourceFile(path, ...rest),
    readFile: (path) => (path === name ? code : host.readFile(path)),
    fileExists: (path) => path === name || host.fileExists(path),
  }
  const program = ts.createProgram([name], options, withExample)
  const faults = ts.getPreEmitDiagnostics(program, program.getSourceFile(name))
  return faults.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

describe.each(EXTENSION_POINTS)('the example in the documentation of %s', (file) => {
  it('compiles as a file of its own', () => {
    const examples = examplesOf(file)
    expect(examples).toHaveLength(1)
    expect(examples.flatMap(faultsOf)).toEqual([])
  })

  it('would be found wrong where it is', () => {
    const wrong = examplesOf(file).map((code) => code.replace(/^ {2}(title|summary): .*\n/m, ''))
    expect(wrong.flatMap(faultsOf).join()).toMatch(/title|summary/)
  })
})
