import { linkTo } from '../lib/route.ts'
import type { Page, Step } from '../lib/types.ts'
import { useApi } from '../lib/use-api.ts'
import type { PageProps } from '../pages.ts'
import { readList } from '../parts/filters.tsx'
import { Paged } from '../parts/paged.tsx'
import { Mark, Nothing, Title, When } from '../parts/states.tsx'

/** The story of one model and alias or stage: from the registry's event to what was sent. */
export default function Model({ parts, route }: PageProps) {
  const model = parts['model'] ?? ''
  const { query, ...at } = readList(route, ['alias', 'source'])
  const story = useApi<Page<Step>>(`/subjects/${encodeURIComponent(model)}`, query, ['event', 'delivery'])
  return (
    <>
      <Title back={['/models', 'Models']} about={route.params.get('alias') ?? 'Every alias and stage'}>
        {model}
      </Title>
      <Paged
        of={story}
        at={at}
        nothing={
          <Nothing title="Nothing is kept of it">
            Retention has removed its events, or it never had one.
          </Nothing>
        }
      >
        {(items) => (
          <ol className="timeline">
            {items.map((step) => (
              <li key={step.event_id}>
                <Chapter step={step} />
              </li>
            ))}
          </ol>
        )}
      </Paged>
    </>
  )
}

function Chapter({ step: { event_id, at, title, previous_version, matched, deliveries } }: { step: Step }) {
  return (
    <div className="card">
      <span>
        <a href={linkTo(`/events/${event_id}`)}>{title}</a> <When at={at} />
        {previous_version !== null && <span className="quiet">{` Before: ${previous_version}.`}</span>}
      </span>
      {matched.length === 0 && <span className="quiet">No automation wanted it.</span>}
      {deliveries.map((delivery) => (
        <Sent key={delivery.id} delivery={delivery} />
      ))}
    </div>
  )
}

function Sent({ delivery }: { delivery: Step['deliveries'][number] }) {
  const { id, automation, destination, status, dispatched_at, waiting_for, superseded_by, error } = delivery
  return (
    <span>
      <Mark>{status}</Mark> <a href={linkTo(`/deliveries/${id}`)}>{destination.target}</a>{' '}
      <span className="quiet">{`by ${automation}`}</span>{' '}
      {dispatched_at !== null && <When at={dispatched_at} />}
      {superseded_by !== null && (
        <>
          {' '}
          by <a href={linkTo(`/events/${superseded_by}`)}>a newer event</a>
        </>
      )}{' '}
      {error?.message ?? waiting_for?.reason}
    </span>
  )
}
