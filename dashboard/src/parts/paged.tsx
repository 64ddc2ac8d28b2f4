import type { ReactNode } from 'react'
import type { Page } from '../lib/types.ts'
import type { Loaded } from '../lib/use-api.ts'
import { Async } from './states.tsx'
import { Pager } from './table.tsx'

/** Shows a page of a list with the way to the next one, or `nothing` where it is empty. */
export function Paged<T>(props: {
  of: Loaded<Page<T>>
  /** The cursors of the pages before this one, and how to move: see `readList`. */
  at: { cursors: readonly string[]; onMove: (cursors: string[]) => void }
  nothing: ReactNode
  children: (items: readonly T[]) => ReactNode
}) {
  const { of, at, nothing, children } = props
  return (
    <Async of={of}>
      {({ items, next_cursor }) =>
        items.length === 0 ? (
          nothing
        ) : (
          <>
            {children(items)}
            <Pager next={next_cursor} {...at} />
          </>
        )
      }
    </Async>
  )
}
