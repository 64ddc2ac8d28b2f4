import type { Page, Step } from '../lib/types.ts'
import { useApi } from '../lib/use-api.ts'
import { visible } from '../lib/words.ts'
import type { PageProps } from '../pages.ts'
import { readList } from '../parts/filters.tsx'
import { Paged } from '../parts/paged.tsx'
import { Mark, Nothing, Title, When } from '../parts/states.tsx'
import { Message, To } from '../parts/text.tsx'

/** The story of one model and alias or stage: from the registry's event to what was sent. */
export default function Model({ parts, route }: PageProps) {
  const model = parts['model'] ?? ''
  const { query, is_filtered: _, ...at } = readList(route, ['alias', 'source'])
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
        <To path={`/events/${event_id}`}>{title}</To>{' '}
        <span className="quiet">
          <When at={at} />
        </span>
        {previous_version !== null && (
          <span className="quiet">{`, before: ${visible(previous_version)}`}</span>
        )}
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
      <Mark>{status}</Mark> <To path={`/deliveries/${id}`}>{destination.target}</To>{' '}
      <span className="quiet">{`by ${automation}`}</span>{' '}
      {dispatched_at !== null && (
        <span className="quiet">
          <When at={dispatched_at} />
        </span>
      )}
      {superseded_by !== null && (
        <>
          {' '}
          by <To path={`/events/${superseded_by}`}>a newer event</To>
        </>
      )}{' '}
      <Message>{error?.message ?? waiting_for?.reason ?? ''}</Message>
    </span>
  )
}
