import type { Delivery, Page } from '../lib/types.ts'
import { useApi } from '../lib/use-api.ts'
import type { PageProps } from '../pages.ts'
import { DeliveryRows } from '../parts/delivery-rows.tsx'
import { ExportLink } from '../parts/export-link.tsx'
import { Filters, readList } from '../parts/filters.tsx'
import { Recover } from '../parts/recover.tsx'
import { Paged } from '../parts/paged.tsx'
import { Nothing, Title } from '../parts/states.tsx'

const STATUSES = ['pending', 'delivering', 'succeeded', 'failed', 'expired', 'superseded', 'canceled']
const NAMES = ['q', 'status', 'automation', 'destination', 'model', 'alias', 'event', 'since', 'until']

/** Lists deliveries, newest first. */
export default function Deliveries({ route }: PageProps) {
  const { query, is_filtered, ...at } = readList(route, NAMES)
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
      <Paged
        of={deliveries}
        at={at}
        nothing={
          <Nothing title={is_filtered ? 'No delivery fits the filters' : 'There is no delivery yet'}>
            {is_filtered ? 'Clear them to see all.' : 'One appears when an event matches an automation.'}
          </Nothing>
        }
      >
        {(items) => <DeliveryRows items={items} label="Deliveries" />}
      </Paged>
    </>
  )
}
