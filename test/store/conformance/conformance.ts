import { describe } from 'vitest'
import type { StoreToClear } from '../store-to-clear.ts'
import { describeAccept } from './accept.ts'
import { describeAdvance } from './advance.ts'
import { describeLists } from './lists.ts'
import { describeLookups } from './lookups.ts'
import { describeManage } from './manage.ts'
import { describeOrder } from './order.ts'
import { describeProbe } from './probe.ts'
import { describeSecrets } from './secrets.ts'
import { eachOn } from './tested-store.ts'
import { describeUpkeep } from './upkeep.ts'

/** What every store must do. */
export function describeStore(name: string, open: () => Promise<StoreToClear>): void {
  describe(`${name} store`, () => {
    const tested = eachOn(open)
    describeAccept(tested)
    describeAdvance(tested)
    describeOrder(tested)
    describeLookups(tested)
    describeManage(tested)
    describeLists(tested)
    describeUpkeep(tested)
    describeProbe(tested)
    describeSecrets(tested)
  })
}
