import { writeFileSync } from 'node:fs'
import { DOCUMENT, renderDocument } from './document.ts'

/** Writes docs/regressions.md: `npm run regressions`. */
writeFileSync(DOCUMENT, await renderDocument())
