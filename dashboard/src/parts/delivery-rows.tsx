import { linkTo } from '../lib/route.ts'
import type { Delivery } from '../lib/types.ts'
import { Mark, When } from './states.tsx'
import { Rows, type Column } from './table.tsx'

const COLUMNS: readonly Column<Delivery>[] = [
  {
    title: 'Destination',
    show: ({ id, destination }) => (
      <>
        <a href={linkTo(`/deliveries/${id}`)}>{destination.target}</a>
        <br />
        <span className="quiet">{destination.type.replaceAll('_', ' ')}</span>
      </>
    ),
  },
  {
    title: 'Automation',
    show: ({ automation }) => (
      <a href={linkTo(`/automations/${encodeURIComponent(automation)}`)}>{automation}</a>
    ),
    wide: true,
  },
  { title: 'Status', show: ({ status }) => <Mark>{status}</Mark> },
  {
    title: 'What is known',
    show: ({ error, waiting_for, attempts }) =>
      error?.message ??
      waiting_for?.reason ??
      attempts.at(-1)?.error ??
      (attempts.length > 0 ? 'Answered.' : ''),
  },
  { title: 'Attempts', show: ({ attempts }) => String(attempts.length), wide: true },
  { title: 'Created', show: ({ created_at }) => <When at={created_at} />, wide: true },
]

/** Deliveries, each with its status and what is known about it. */
export function DeliveryRows({ items, label }: { items: readonly Delivery[]; label: string }) {
  return <Rows label={label} columns={COLUMNS} items={items} keyOf={({ id }) => id} />
}
