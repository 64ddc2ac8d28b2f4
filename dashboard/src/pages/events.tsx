import { linkTo } from '../lib/route.ts'
import { useApi } from '../lib/use-api.ts'
import type { EventSummary, Page } from '../lib/types.ts'
import type { PageProps } from '../pages.ts'
import { Filters, readList } from '../parts/filters.tsx'
import { ExportLink } from '../parts/export-link.tsx'
import { Paged } from '../parts/paged.tsx'
import { Mark, Nothing, Title, When } from '../parts/states.tsx'
import { Rows, type Column } from '../parts/table.tsx'
import { To } from '../parts/text.tsx'

const STATUSES = ['matched', 'unmatched', 'enriching', 'stale', 'lookup_failed']
const NAMES = ['q', 'source', 'model', 'alias', 'type', 'status', 'since', 'until']

const COLUMNS: readonly Column<EventSummary>[] = [
  {
    title: 'What happened',
    show: ({ id, event }) => (
      <>
        <To path={`/events/${id}`}>{event.title}</To> {event.test && <Mark tone="attention">test</Mark>}
      </>
    ),
  },
  { title: 'Type', show: ({ type }) => type, wide: true },
  { title: 'Source', show: ({ source }) => source, wide: true },
  { title: 'Status', show: ({ status }) => <Mark>{status}</Mark> },
  {
    title: 'Deliveries',
    show: ({ deliveries }) => (
      <span className="marks">
        {deliveries.map(({ id, status }) => (
          <a key={id} href={linkTo(`/deliveries/${id}`)}>
            <Mark>{status}</Mark>
          </a>
        ))}
      </span>
    ),
    wide: true,
  },
  { title: 'Received', show: ({ received_at }) => <When at={received_at} /> },
]

/** Lists events, newest first; new events appear by themselves. */
export default function Events({ route }: PageProps) {
  const { query, is_filtered, ...at } = readList(route, NAMES)
  const events = useApi<Page<EventSummary>>('/events', query, ['event', 'delivery'])
  return (
    <>
      <Title
        about="Each verified webhook, and what became of it. New ones appear here by themselves."
        actions={<ExportLink path="/events" query={query} />}
      >
        Events
      </Title>
      <Filters
        route={route}
        filters={[
          { name: 'q', label: 'Search', hint: 'title or id' },
          { name: 'model', label: 'Model' },
          { name: 'alias', label: 'Alias or stage' },
          { name: 'source', label: 'Source' },
          { name: 'type', label: 'Type', hint: 'ADD_ARTIFACT_ALIAS' },
          { name: 'status', label: 'Status', values: STATUSES },
        ]}
      />
      <Paged
        of={events}
        at={at}
        nothing={
          <Nothing title={is_filtered ? 'No event fits the filters' : 'No event has come yet'}>
            {is_filtered ? 'Clear them' : 'Send one from a registry'}, or look at{' '}
            <To path="/sources">Sources</To> for what was refused.
          </Nothing>
        }
      >
        {(items) => <Rows label="Events" columns={COLUMNS} items={items} keyOf={({ id }) => id} />}
      </Paged>
    </>
  )
}
