import { writeFileSync } from 'node:fs'
import { DOCUMENT, renderDocument } from './document.ts'

/** Writes docs/regressions.md: `node test/regressions/write-document.ts`. */
writeFileSync(DOCUMENT, await renderDocument())
