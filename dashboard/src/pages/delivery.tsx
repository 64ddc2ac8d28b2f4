import { call } from '../lib/api.ts'
import { automationPath } from '../lib/route.ts'
import { useSession } from '../lib/session.ts'
import type { Attempt, Delivery as DeliveryShape } from '../lib/types.ts'
import { useApi } from '../lib/use-api.ts'
import { lengthOf, pretty, safeLink } from '../lib/words.ts'
import type { PageProps } from '../pages.ts'
import { Ask } from '../parts/ask.tsx'
import { Facts } from '../parts/facts.tsx'
import { Async, Mark, Nothing, Raw, Section, Title, When } from '../parts/states.tsx'
import { Notice } from '../parts/notice.tsx'
import { Fault, Message, To } from '../parts/text.tsx'

/** Shows a delivery: its attempts with request and response, and the ways to mend it. */
export default function Delivery({ parts }: PageProps) {
  const id = parts['id'] ?? ''
  const delivery = useApi<DeliveryShape>(`/deliveries/${encodeURIComponent(id)}`, {}, ['delivery', 'lane'])
  return <Async of={delivery}>{(data) => <Whole delivery={data} reload={delivery.reload} />}</Async>
}

function Whole({ delivery, reload }: { delivery: DeliveryShape; reload: () => void }) {
  const { status, destination, error, waiting_for, attempts, runs, replay_of } = delivery
  return (
    <>
      <Title
        back={['/deliveries', 'Deliveries']}
        about={
          <>
            <Mark>{status}</Mark> {destination.type.replaceAll('_', ' ')}, created{' '}
            <When at={delivery.created_at} />
          </>
        }
        actions={<Actions delivery={delivery} reload={reload} />}
      >
        {destination.target}
      </Title>
      {error !== null && (
        <Notice tone="critical">
          <Fault of={error} />
        </Notice>
      )}
      {waiting_for !== null && (
        <Notice>
          <Message>{waiting_for.reason}</Message>
          {waiting_for.until !== null && (
            <>
              {' '}
              Next try: <When at={waiting_for.until} />.
            </>
          )}
        </Notice>
      )}
      <Facts
        of={{
          Automation: <To path={automationPath(delivery.automation)}>{delivery.automation}</To>,
          Event: <To path={`/events/${delivery.event_id}`}>{delivery.event_id}</To>,
          'Replay of': replay_of === null ? null : <To path={`/events/${replay_of}`}>{replay_of}</To>,
          Subject: delivery.subject_key,
          Id: delivery.id,
        }}
      />
      {runs.length > 0 && (
        <Section title="Runs">
          <ul className="plain">
            {runs.map((run) => (
              <li key={run.run_id} className="card">
                <Run run={run} />
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Attempts attempts={attempts} />
    </>
  )
}

function Attempts({ attempts }: { attempts: readonly Attempt[] }) {
  return (
    <Section title="Attempts">
      {attempts.length === 0 ? (
        <Nothing title="Nothing has been sent yet">Each try shows here, with its request and answer.</Nothing>
      ) : (
        <ol className="timeline">
          {[...attempts].reverse().map((attempt) => (
            <li key={attempt.at}>
              <OneAttempt attempt={attempt} />
            </li>
          ))}
        </ol>
      )}
    </Section>
  )
}

function Run({ run }: { run: DeliveryShape['runs'][number] }) {
  const link = safeLink(run.url)
  const text = `${run.workflow ?? 'Run'} ${run.run_id}: ${run.conclusion ?? run.status}`
  return link === null ? text : <a href={link}>{text}</a>
}

function OneAttempt({ attempt }: { attempt: Attempt }) {
  const { at, status, duration_ms, error, request, response } = attempt
  return (
    <div className="card">
      <span>
        <Mark tone={attempt.class === 'success' ? 'success' : 'danger'}>{attempt.class}</Mark>{' '}
        {status === null ? 'no answer' : `HTTP ${status}`} after{' '}
        {duration_ms < 1_000 ? `${duration_ms} ms` : lengthOf(duration_ms)}, <When at={at} />
      </span>
      {error !== null && (
        <span>
          <Message>{error}</Message>
        </span>
      )}
      {request !== null && (
        <details>
          <summary>Request</summary>
          <Raw label="Request">{pretty(request)}</Raw>
        </details>
      )}
      {response !== null && response !== '' && (
        <details open={attempt.class !== 'success'}>
          <summary>Response</summary>
          <Raw label="Response">{pretty(response)}</Raw>
        </details>
      )}
    </div>
  )
}

function Actions({ delivery, reload }: { delivery: DeliveryShape; reload: () => void }) {
  const { may_write } = useSession()
  const path = `/deliveries/${delivery.id}`
  const redeliver = async () => {
    await call(`${path}/redeliver`, { method: 'POST', body: {} })
    reload()
    return 'It is tried again now.'
  }
  const cancel = async () => {
    await call(`${path}/cancel`, { method: 'POST', body: {} })
    reload()
    return 'It has been canceled.'
  }
  if (delivery.status === 'pending')
    return (
      <Ask label="Cancel" title="Cancel this delivery?" danger act={cancel} disabled={!may_write}>
        It is not sent any more. What comes after it in its order goes on.
      </Ask>
    )
  const is_under_way = delivery.status === 'delivering'
  // There all the time: what it said when it was pressed stays beside it.
  return (
    <Ask
      label="Redeliver"
      title="Send this delivery again?"
      act={redeliver}
      disabled={!may_write || is_under_way}
    >
      The same request, with the same delivery id, is sent to {delivery.destination.target}. When a newer one
      has succeeded, it is refused: a recovery never rolls back.
    </Ask>
  )
}
