import type { Automation, Lane, Overview as Figures, Page, Source } from '../lib/types.ts'
import { useApi } from '../lib/use-api.ts'
import { count } from '../lib/words.ts'
import type { PageProps } from '../pages.ts'
import { HourChart } from '../parts/hour-chart.tsx'
import { FirstRun } from '../parts/first-run.tsx'
import { Async, Section, Title, When } from '../parts/states.tsx'
import { Notice } from '../parts/notice.tsx'
import { Fault, Message, To } from '../parts/text.tsx'

/** Shows the last day at a glance, and the cases that need a person. */
export default function Overview(_props: PageProps) {
  const figures = useApi<Figures>('/overview', {}, ['event', 'delivery', 'lane'])
  const sources = useApi<Page<Source>>('/sources', {}, ['event'])
  const lanes = useApi<Page<Lane>>('/lanes', {}, ['lane'])
  const automations = useApi<Page<Automation>>('/automations')
  return (
    <>
      <Title about="What came in and went out in the last 24 hours, and what needs a person.">Overview</Title>
      {sources.data !== null && automations.data !== null && (
        <FirstRun sources={sources.data.items} automations={automations.data.items} />
      )}
      <Async of={figures}>
        {(data) => (
          <>
            <Needs figures={data} sources={sources.data?.items ?? []} lanes={lanes.data?.items ?? []} />
            {(sources.data?.items ?? []).length > 0 && (
              <>
                <Numbers figures={data} />
                <Section title="By the hour">
                  <HourChart hours={data.hours} />
                </Section>
              </>
            )}
          </>
        )}
      </Async>
      <Async of={sources}>{({ items }) => items.length > 0 && <Connected sources={items} />}</Async>
    </>
  )
}

function Numbers({ figures: { hours, waiting, oldest_waiting_at } }: { figures: Figures }) {
  const sum = (of: (hour: Figures['hours'][number]) => number) =>
    hours.reduce((all, hour) => all + of(hour), 0)
  const succeeded = sum((hour) => hour.succeeded)
  const ended = succeeded + sum((hour) => hour.failed)
  const rate = ended === 0 ? '–' : `${Math.floor((1_000 * succeeded) / ended) / 10}%`
  return (
    <div className="figures">
      <Figure label="events in 24 hours" value={sum((hour) => hour.events).toLocaleString('en')} />
      <Figure label="deliveries succeeded" value={succeeded.toLocaleString('en')} />
      <Figure label="success rate" value={rate} />
      <div className="figure">
        <b>{waiting.toLocaleString('en')}</b>
        <span className="quiet">
          waiting
          {oldest_waiting_at !== null && (
            <>
              , the oldest <When at={oldest_waiting_at} />
            </>
          )}
        </span>
      </div>
    </div>
  )
}

function Figure({ label, value }: { label: string; value: string }) {
  return (
    <div className="figure">
      <b>{value}</b>
      <span className="quiet">{label}</span>
    </div>
  )
}

/** Lists the troubles that do not mend themselves, each with its next step. */
function Needs(props: { figures: Figures; sources: readonly Source[]; lanes: readonly Lane[] }) {
  const { figures, sources, lanes } = props
  const { configuration, dead_letters } = figures
  const paused = lanes.filter(({ pause }) => pause !== null)
  const refused = sources.filter(({ refusals }) => refusals.length > 0)
  return (
    <div className="notices">
      {configuration !== null && (
        <Notice tone="critical">
          A change of the configuration was refused, and the one before stays in force.{' '}
          <Fault of={configuration} />
        </Notice>
      )}
      {dead_letters > 0 && (
        <Notice tone="critical">
          <To path="/deliveries" params={{ status: 'failed' }}>
            {`${count(dead_letters, 'delivery', 'deliveries')} failed for good`}
          </To>
          . Read why, mend it, and redeliver.
        </Notice>
      )}
      {paused.map(({ lane, pause }) => (
        <Notice key={lane} tone="warning">
          <To path="/lanes">{lane}</To> is paused: <Message>{pause?.message ?? pause?.reason ?? ''}</Message>{' '}
          It goes on <When at={pause?.until} />.
        </Notice>
      ))}
      {refused.map(({ name, refusals }) => (
        <Notice key={name} tone="warning">
          <To path="/sources">{count(refusals.length, 'request')}</To> to {name}{' '}
          {refusals.length === 1 ? 'was' : 'were'} refused lately:{' '}
          <Message>{refusals[0]?.reason ?? ''}</Message>.
        </Notice>
      ))}
    </div>
  )
}

function Connected({ sources }: { sources: readonly Source[] }) {
  return (
    <Section title="Sources">
      <ul className="plain">
        {sources.map(({ name, last_event }) => (
          <li key={name}>
            <span className={last_event === null ? 'light' : 'light light-on'} />
            <To path="/sources">{name}</To>:{' '}
            {last_event === null ? (
              'waiting for its first event'
            ) : (
              <>
                connected, last event <When at={last_event.received_at} />
              </>
            )}
          </li>
        ))}
      </ul>
    </Section>
  )
}
