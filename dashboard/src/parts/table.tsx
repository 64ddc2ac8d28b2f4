import { Button } from '@primer/react'
import type { ReactNode } from 'react'
import { visible } from '../lib/words.ts'

/** A column: its title, and how it shows an item. */
export interface Column<T> {
  title: string
  show: (item: T) => ReactNode
  /** Set for a column that narrow screens leave out. */
  wide?: boolean
}

/** A table whose rows lead somewhere by the link in their first column. */
export function Rows<T>(props: {
  label: string
  columns: readonly Column<T>[]
  items: readonly T[]
  keyOf: (item: T) => string
}) {
  const { label, columns, items, keyOf } = props
  return (
    <div className="table-frame" role="region" aria-label={label} tabIndex={0}>
      <table className="table">
        <caption className="hidden">{label}</caption>
        <thead>
          <tr>
            {columns.map(({ title, wide }) => (
              <th key={title} scope="col" className={wide ? 'wide' : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={keyOf(item)}>
              {columns.map(({ title, show, wide }) => (
                <td key={title} data-title={title} className={wide ? 'wide' : undefined}>
                  {shown(show(item))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** Names come from payloads. */
const shown = (node: ReactNode) => (typeof node === 'string' ? visible(node) : node)

/**
 * Moves through a list page by page. The cursors of the pages before are kept in the address, so that a link and the
 * browser's buttons lead to the same rows.
 */
export function Pager(props: {
  next: string | null
  cursors: readonly string[]
  onMove: (cursors: string[]) => void
}) {
  const { next, cursors, onMove } = props
  if (next === null && cursors.length === 0) return null
  return (
    <div className="pager">
      <Button disabled={cursors.length === 0} onClick={() => onMove(cursors.slice(0, -1))}>
        Newer
      </Button>
      <span className="quiet">Page {cursors.length + 1}</span>
      <Button
        disabled={next === null}
        onClick={() => {
          if (next !== null) onMove([...cursors, next])
        }}
      >
        Older
      </Button>
    </div>
  )
}
