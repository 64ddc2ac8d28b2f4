import type { Delivery, Page } from '../lib/types.ts'
import { useApi } from '../lib/use-api.ts'
import type { PageProps } from '../pages.ts'
import { DeliveryRows } from '../parts/delivery-rows.tsx'
import { ExportLink } from '../parts/export-link.tsx'
import { Filters, readList } from '../parts/filters.tsx'
import { Recover } from '../parts/recover.tsx'
import { Async, Nothing, Title } from '../parts/states.tsx'
import { Pager } from '../parts/table.tsx'

const STATUSES = ['pending', 'delivering', 'succeeded', 'failed', 'expired', 'superseded', 'canceled']
const NAMES = ['q', 'status', 'automation', 'destination', 'model', 'alias', 'event', 'since', 'until']

/** What was sent and what waits, newest first. */
export default function Deliveries({ route }: PageProps) {
  const { query, cursors, onMove } = readList(route, NAMES)
  const deliveries = useApi<Page<Delivery>>('/deliveries', query, ['delivery'])
  return (
    <>
      <Title
        about="Each matched event on its way to one destination."
        actions={
          <>
            <Recover query={query} onDone={deliveries.reload} />
            <ExportLink path="/deliveries" query={query} />
          </>
        }
      >
        Deliveries
      </Title>
      <Filters
        route={route}
        filters={[
          { name: 'status', label: 'Status', values: STATUSES },
          { name: 'automation', label: 'Automation' },
          { name: 'destination', label: 'Destination', hint: 'acme/serving' },
          { name: 'model', label: 'Model' },
          { name: 'alias', label: 'Alias or stage' },
        ]}
      />
      <Async of={deliveries}>
        {({ items, next_cursor }) =>
          items.length === 0 ? (
            <Nothing title="No delivery fits">
              Deliveries appear when an event matches an automation. Clear the filters to see all.
            </Nothing>
          ) : (
            <>
              <DeliveryRows items={items} label="Deliveries" />
              <Pager next={next_cursor} cursors={cursors} onMove={onMove} />
            </>
          )
        }
      </Async>
    </>
  )
}
