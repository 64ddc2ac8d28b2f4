import { call } from '../lib/api.ts'
import { automationPath } from '../lib/route.ts'
import { useSession } from '../lib/session.ts'
import type { EventDetail } from '../lib/types.ts'
import { useApi } from '../lib/use-api.ts'
import { pretty, safeLink } from '../lib/words.ts'
import type { PageProps } from '../pages.ts'
import { Ask } from '../parts/ask.tsx'
import { Conditions } from '../parts/conditions.tsx'
import { DeliveryRows } from '../parts/delivery-rows.tsx'
import { Facts } from '../parts/facts.tsx'
import { Async, Mark, Nothing, Raw, Section, Title, When } from '../parts/states.tsx'
import { Notice } from '../parts/notice.tsx'
import { Message, To } from '../parts/text.tsx'

/** Shows an event: as the registry sent it, as it was understood, and why each automation matched or not. */
export default function Event({ parts }: PageProps) {
  const id = parts['id'] ?? ''
  const event = useApi<EventDetail>(`/events/${encodeURIComponent(id)}`, {}, ['event', 'delivery'])
  return <Async of={event}>{(data) => <Whole event={data} reload={event.reload} />}</Async>
}

function Whole({ event, reload }: { event: EventDetail; reload: () => void }) {
  const { may_write } = useSession()
  const replay = async () => {
    const { message } = await call<{ message: string }>(`/events/${event.id}/replay`, {
      method: 'POST',
      body: {},
    })
    reload()
    return message
  }
  return (
    <>
      <Title
        back={['/events', 'Events']}
        about={
          <>
            <Mark>{event.status}</Mark> {event.type} from {event.source}, <When at={event.received_at} />
          </>
        }
        actions={
          <Ask label="Replay" title="Replay this event?" act={replay} disabled={!may_write}>
            The event goes through today&apos;s automations once more and makes new deliveries. What a newer
            event has replaced is left out.
          </Ask>
        }
      >
        {event.event.title}
      </Title>
      {event.hint !== null && (
        <Notice>
          <Message>{event.hint}</Message>
        </Notice>
      )}
      <Summary event={event} />
      <Section title="Why each automation matched or not">
        <Matches matches={event.matches} />
      </Section>
      <Section title="Deliveries">
        {event.deliveries.length === 0 ? (
          <Nothing title="This event led to no delivery">The reasons are above.</Nothing>
        ) : (
          <DeliveryRows items={event.deliveries} label="Deliveries of this event" />
        )}
      </Section>
      <div className="two">
        <Section title="As it was understood">
          <Raw label="The normalised event">{pretty(event.event)}</Raw>
        </Section>
        <Section title="As it came">
          <Raw label="The body as it came">{pretty(event.raw)}</Raw>
        </Section>
      </div>
    </>
  )
}

function Summary({ event: { id, event } }: { event: EventDetail }) {
  const { model, change } = event
  const link = safeLink(model?.url)
  return (
    <Facts
      of={{
        Model: model?.pinned ?? model?.name,
        Version: model?.version,
        Alias: change.alias,
        Stage: change.to_stage,
        Tag: change.tag,
        Before: change.previous_version,
        By: event.author,
        Id: id,
        Repeats: event.repeat_of,
        Registry:
          link === null ? null : (
            <a href={link} rel="noreferrer noopener" target="_blank">
              Open in the registry
            </a>
          ),
      }}
    />
  )
}

function Matches({ matches }: { matches: EventDetail['matches'] }) {
  const matched = matches.filter((one) => one.matched)
  const sorted = [...matched, ...matches.filter((one) => !one.matched)]
  if (sorted.length === 0)
    return (
      <Nothing title="There is no automation yet">
        <To path="/automations/new">Create the first one</To>.
      </Nothing>
    )
  return (
    <>
      <p className="quiet">
        {matched.length} of {matches.length} {matches.length === 1 ? 'automation' : 'automations'} matched.
      </p>
      <ul className="plain">
        {sorted.map(({ automation, matched: did, reasons }) => (
          <li key={automation} className="card">
            <span>
              <To path={automationPath(automation)}>{automation}</To>{' '}
              <Mark tone={did ? 'success' : 'secondary'}>{did ? 'matched' : 'did not match'}</Mark>
            </span>
            {/* The reasons end with the first condition that does not hold. */}
            <Conditions
              conditions={reasons.map((reason, at) => ({ reason, holds: did || at < reasons.length - 1 }))}
            />
          </li>
        ))}
      </ul>
    </>
  )
}
