import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

/** A message that the program prints, with the advice on it. `…` stands for what is filled in. */
export interface Message {
  /** The file that holds it, from the top of the project. */
  file: string
  text: string
  /** Empty where the text itself says what to do. */
  fix: string
}

/** A line that the program logs. */
export interface LogLine {
  file: string
  text: string
}

/** A stable name that a table of the program gives to one of its rows, or an answer to its error. */
export interface Code {
  file: string
  code: string
}

const ROOT = join(import.meta.dirname, '..', '..')
const FILES = ['receiver/**/*.ts', 'src/**/*.ts']
const FILLED_IN = '…'
const LEVELS = new Set(['fatal', 'error', 'warn', 'info'])

/** Errors by the place of message and fix among the arguments of their constructor. */
const ERRORS: Readonly<Record<string, readonly [message: number, fix: number]>> = {
  AutomationError: [1, 2],
  ClientPayloadError: [0, 1],
  CommandError: [0, 1],
  InputError: [0, 1],
  RenderError: [0, 1],
  StoreRefused: [0, 1],
  StoreUnavailable: [0, 1],
  TemplateError: [1, 2],
}
/** Functions that report a problem, by the place of message and fix among their arguments. */
const REPORTS: Readonly<Record<string, readonly [message: number, fix: number]>> = {
  problemOf: [2, 3],
  refuse: [1, 2],
}

/** Returns every message that comes with a fix, read from the sources. */
export function messagesOf(): Message[] {
  const found = new Map<string, Message>()
  for (const source of sources()) {
    eachNode(source, (node) => {
      const pair = messageNodes(node)
      if (pair === null) return
      const fix = pair.fix === undefined ? '' : [...new Set(textsOf(pair.fix))].join(' Or: ')
      for (const text of textsOf(pair.message)) {
        // Some are printed as they are, with the fix on a line of its own.
        const [said = '', then = fix] = text.split(/\s*\n\s*-> /)
        // Without a word of its own it only passes another message on.
        if (!/[a-z]{3}/i.test(said)) continue
        const message = { file: source.fileName, text: said, fix: /[a-z]{3}/i.test(then) ? then : '' }
        const key = `${source.fileName}\n${said}`
        if (!found.has(key)) found.set(key, message)
      }
    })
  }
  return [...found.values()]
}

/** Returns every line that the receiver logs at level info or above. */
export function logLinesOf(): LogLine[] {
  return sources().flatMap((source) => {
    const lines: LogLine[] = []
    eachNode(source, (node) => {
      const last = isLogCall(node) ? node.arguments.at(-1) : undefined
      if (last !== undefined) for (const text of textsOf(last)) lines.push({ file: source.fileName, text })
      // A line that is written without the logger.
      if (!ts.isObjectLiteralExpression(node) || propertyOf(node, 'level') === undefined) return
      const message = propertyOf(node, 'message')
      if (message !== undefined)
        for (const text of textsOf(message)) lines.push({ file: source.fileName, text })
    })
    return lines.filter(({ text }) => /[a-z]{3}/i.test(text))
  })
}

/** Returns the `id` of each row of a table whose rows have an `id` and a test `applies`. */
export function rowsOf(file: string): string[] {
  const ids: string[] = []
  for (const source of sources()) {
    if (source.fileName !== file) continue
    eachNode(source, (node) => {
      if (!ts.isObjectLiteralExpression(node) || propertyOf(node, 'applies') === undefined) return
      const id = propertyOf(node, 'id')
      if (id !== undefined) ids.push(...textsOf(id))
    })
  }
  return ids
}

/** Returns the stable code of each error that an HTTP answer can have: `problem(…)` of the API, `error` of others. */
export function answerCodes(): Code[] {
  // The store's tables have columns `status` and `error`, which are no answers.
  const answering = sources().filter(({ fileName }) => !fileName.startsWith('receiver/store/'))
  return answering.flatMap((source) => {
    const codes: Code[] = []
    eachNode(source, (node) => {
      if (ts.isCallExpression(node) && node.expression.getText() === 'problem') {
        const code = node.arguments[2]
        if (code !== undefined && ts.isStringLiteralLike(code))
          codes.push({ file: source.fileName, code: code.text })
      }
      // Problems of the management API: those that are thrown, and those that a route declares.
      if (ts.isNewExpression(node) && node.expression.getText() === 'ApiProblem') {
        const code = node.arguments?.[1]
        if (code !== undefined && ts.isStringLiteralLike(code))
          codes.push({ file: source.fileName, code: code.text })
      }
      if (ts.isPropertyAssignment(node) && /^[a-z]+(_[a-z]+)+$/.test(node.name.getText())) {
        const [status] = ts.isArrayLiteralExpression(node.initializer) ? node.initializer.elements : []
        if (status !== undefined && /^[45]\d\d$/.test(status.getText()))
          codes.push({ file: source.fileName, code: node.name.getText() })
      }
      if (ts.isObjectLiteralExpression(node) && propertyOf(node, 'status') !== undefined) {
        const error = propertyOf(node, 'error')
        const known = error === undefined ? [] : textsOf(error).filter((text) => /^[a-z_]+$/.test(text))
        for (const code of known) codes.push({ file: source.fileName, code })
      }
    })
    return codes
  })
}

/** Returns every whole sentence that stands in a file as a text of its own. */
export function sentencesOf(file: string): string[] {
  const sentences: string[] = []
  for (const source of sources()) {
    if (source.fileName !== file) continue
    eachNode(source, (node) => {
      if (ts.isStringLiteral(node) && /^[A-Z].*\.$/.test(node.text)) sentences.push(node.text)
    })
  }
  return sentences
}

/** Returns why a source refuses a request: what the function `refused` is given, in the folder of the sources. */
export function refusalReasons(): string[] {
  return sources()
    .filter(({ fileName }) => fileName.startsWith('receiver/sources/'))
    .flatMap((source) => {
      const reasons: string[] = []
      eachNode(source, (node) => {
        if (!ts.isCallExpression(node) || node.expression.getText() !== 'refused') return
        const [reason] = node.arguments
        if (reason !== undefined) reasons.push(...textsOf(reason))
      })
      return reasons
    })
}

let parsed: ts.SourceFile[] | null = null

function sources(): ts.SourceFile[] {
  parsed ??= FILES.flatMap((pattern) => globSync(pattern, { cwd: ROOT }))
    .sort()
    .map((file) =>
      ts.createSourceFile(file, readFileSync(join(ROOT, file), 'utf8'), ts.ScriptTarget.Latest, true),
    )
  return parsed
}

function eachNode(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node)
  ts.forEachChild(node, (child) => {
    eachNode(child, visit)
  })
}

function messageNodes(node: ts.Node): { message: ts.Node; fix: ts.Node | undefined } | null {
  if (ts.isObjectLiteralExpression(node)) {
    const message = propertyOf(node, 'message')
    const fix = propertyOf(node, 'fix')
    return message !== undefined && fix !== undefined ? { message, fix } : null
  }
  if (!ts.isNewExpression(node) && !ts.isCallExpression(node)) return null
  const name = node.expression.getText().split('.').at(-1) ?? ''
  const at = (ts.isNewExpression(node) ? ERRORS : REPORTS)[name]
  const message = at === undefined ? undefined : node.arguments?.[at[0]]
  return at === undefined || message === undefined ? null : { message, fix: node.arguments?.[at[1]] }
}

/** `log.info(…)`, or `log[level](…)`. */
function isLogCall(node: ts.Node): node is ts.CallExpression {
  if (!ts.isCallExpression(node)) return false
  const called = node.expression
  if (ts.isElementAccessExpression(called)) return /(^|\.)log$/.test(called.expression.getText())
  if (!ts.isPropertyAccessExpression(called)) return false
  return LEVELS.has(called.name.text) && /(^|\.)log$/.test(called.expression.getText())
}

/** The value of a property, also of a short-hand one. */
function propertyOf(node: ts.ObjectLiteralExpression, name: string): ts.Node | undefined {
  const property = node.properties.find((one) => one.name?.getText() === name)
  if (property === undefined) return undefined
  return ts.isPropertyAssignment(property) ? property.initializer : property.name
}

/** The texts that an expression can give, with `…` for what is known only when the program runs. */
function textsOf(node: ts.Node): string[] {
  if (ts.isStringLiteralLike(node)) return [node.text]
  if (ts.isParenthesizedExpression(node)) return textsOf(node.expression)
  if (ts.isConditionalExpression(node)) return [...textsOf(node.whenTrue), ...textsOf(node.whenFalse)]
  if (ts.isArrowFunction(node)) return ts.isBlock(node.body) ? returnedBy(node.body) : textsOf(node.body)
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken)
    return combine(textsOf(node.left), textsOf(node.right))
  if (ts.isTemplateExpression(node)) {
    const parts = node.templateSpans.map(({ expression, literal }) =>
      combine(ts.isStringLiteralLike(expression) ? [expression.text] : insertOf(expression), [literal.text]),
    )
    return parts.reduce(combine, [node.head.text])
  }
  if (ts.isIdentifier(node)) return constantOf(node)
  if (ts.isCallExpression(node)) return returnsOf(node)
  return [FILLED_IN]
}

/** Returns the texts that a function of the same file can return; of any other function nothing is known. */
function returnsOf({ expression }: ts.CallExpression): string[] {
  const declaration = expression
    .getSourceFile()
    .statements.filter(ts.isFunctionDeclaration)
    .find(({ name }) => ts.isIdentifier(expression) && name?.text === expression.text)
  return declaration?.body === undefined ? [FILLED_IN] : returnedBy(declaration.body)
}

function returnedBy(body: ts.Block): string[] {
  const texts: string[] = []
  eachNode(body, (node) => {
    if (ts.isReturnStatement(node) && node.expression !== undefined) texts.push(...textsOf(node.expression))
  })
  return texts.length === 0 ? [FILLED_IN] : texts
}

/** A constant of the same file that is filled in is part of the text; anything else is not known here. */
function insertOf(expression: ts.Expression): string[] {
  return ts.isIdentifier(expression) && /^[A-Z_]+$/.test(expression.text) ? textsOf(expression) : [FILLED_IN]
}

/** Returns the texts of a name where it is used: the innermost declaration around it. A parameter is not known here. */
function constantOf(node: ts.Identifier): string[] {
  for (let scope: ts.Node = node.parent; ; scope = scope.parent) {
    if (ts.isFunctionLike(scope) && scope.parameters.some((one) => namesOf(one.name).includes(node.text)))
      return [FILLED_IN]
    if (!ts.isBlock(scope) && !ts.isSourceFile(scope)) continue
    const declaration = scope.statements
      .filter(ts.isVariableStatement)
      .flatMap(({ declarationList }) => [...declarationList.declarations])
      .find(({ name }) => namesOf(name).includes(node.text))
    if (declaration?.initializer !== undefined && ts.isIdentifier(declaration.name))
      return textsOf(declaration.initializer)
    if (declaration !== undefined || ts.isSourceFile(scope)) return [FILLED_IN]
  }
}

function namesOf(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text]
  return name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : namesOf(element.name)))
}

function combine(left: readonly string[], right: readonly string[]): string[] {
  return left.flatMap((start) => right.map((end) => `${start}${end}`))
}
