import { automationPath } from '../lib/route.ts'
import type { Delivery } from '../lib/types.ts'
import { Mark, When } from './states.tsx'
import { Rows, type Column } from './table.tsx'
import { Message, To } from './text.tsx'

const COLUMNS: readonly Column<Delivery>[] = [
  {
    title: 'Destination',
    show: ({ id, destination }) => (
      <>
        <To path={`/deliveries/${id}`}>{destination.target}</To>
        <br />
        <span className="quiet">{destination.type.replaceAll('_', ' ')}</span>
      </>
    ),
  },
  {
    title: 'Automation',
    show: ({ automation }) => <To path={automationPath(automation)}>{automation}</To>,
    wide: true,
  },
  { title: 'Status', show: ({ status }) => <Mark>{status}</Mark> },
  {
    title: 'What is known',
    show: ({ error, waiting_for, attempts }) => (
      <Message>
        {error?.message ?? waiting_for?.reason ?? attempts.at(-1)?.error ?? answered(attempts)}
      </Message>
    ),
  },
  { title: 'Attempts', show: ({ attempts }) => String(attempts.length), wide: true },
  { title: 'Created', show: ({ created_at }) => <When at={created_at} />, wide: true },
]

const answered = (attempts: Delivery['attempts']) => {
  const status = attempts.at(-1)?.status
  return status == null ? '' : `HTTP ${status}`
}

/** Deliveries, each with its status and what is known about it. */
export function DeliveryRows({ items, label }: { items: readonly Delivery[]; label: string }) {
  return <Rows label={label} columns={COLUMNS} items={items} keyOf={({ id }) => id} />
}
