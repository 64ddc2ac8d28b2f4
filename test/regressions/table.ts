import { DELIVERING } from './rows-delivering.ts'
import { RECEIVING } from './rows-receiving.ts'
import type { Regression } from './table-types.ts'

/** What went wrong in other projects, in the order of the rows. */
export const REGRESSIONS: readonly Regression[] = [...RECEIVING, ...DELIVERING].sort((a, b) => a.row - b.row)
