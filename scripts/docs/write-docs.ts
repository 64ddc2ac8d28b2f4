import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DESTINATION_TYPES } from '../../receiver/destinations/index.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'
import { ACTION_PAGE, withActionTables } from './action-page.ts'
import { CLI_PAGE, cliPage } from './cli-page.ts'
import { MESSAGES_PAGE, messagesPage } from './messages-page.ts'
import { typeLists, typePages, withDeclaredPart } from './type-pages.ts'

/** Writes what documents take from the code: `npm run docs`. */
const ROOT = join(import.meta.dirname, '..', '..')

for (const page of await typePages(SOURCE_TYPES, DESTINATION_TYPES)) {
  const file = join(ROOT, page.path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, withDeclaredPart(existsSync(file) ? readFileSync(file, 'utf8') : null, page))
}

for (const [path, text] of await typeLists(SOURCE_TYPES, DESTINATION_TYPES)) {
  writeFileSync(join(ROOT, path), text)
}

writeFileSync(join(ROOT, MESSAGES_PAGE), messagesPage())
writeFileSync(join(ROOT, CLI_PAGE), await cliPage())

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
writeFileSync(join(ROOT, ACTION_PAGE), await withActionTables(read(ACTION_PAGE), read('action.yml')))
