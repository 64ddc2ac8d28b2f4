import type { Page, Source } from '../lib/types.ts'
import { useApi } from '../lib/use-api.ts'
import type { PageProps } from '../pages.ts'
import { Copy } from '../parts/copy.tsx'
import { Guide } from '../parts/guide.tsx'
import { Async, Mark, Nothing, Raw, Title, When } from '../parts/states.tsx'
import { Notice } from '../parts/notice.tsx'
import { Message, To } from '../parts/text.tsx'

/** The registries: where each sends its webhooks, whether they come, and what was refused. */
export default function Sources(_props: PageProps) {
  const sources = useApi<Page<Source>>('/sources', {}, ['event'])
  return (
    <>
      <Title about="Each registry that may send here. A light turns green with its first verified webhook.">
        Sources
      </Title>
      <Async of={sources}>
        {({ items }) =>
          items.length === 0 ? (
            <Nothing title="No source is configured">
              Add one under <code>sources</code> in model-dispatch.yaml: the file is read again by itself.
            </Nothing>
          ) : (
            <div className="cards">
              {items.map((source) => (
                <OneSource key={source.name} source={source} />
              ))}
            </div>
          )
        }
      </Async>
    </>
  )
}

function OneSource({ source }: { source: Source }) {
  const { name, type, last_event, secrets, refusals, guide } = source
  const url = new URL(source.url.replace(/^\//, './'), window.location.href).href
  return (
    <section className="card" aria-label={name}>
      <h2>
        <span className={last_event === null ? 'light' : 'light light-on'} />
        {name} <Mark>{type}</Mark>
      </h2>
      <span>
        {last_event === null ? (
          'Waiting for its first event.'
        ) : (
          <>
            Connected: <To path={`/events/${last_event.id}`}>last event</To>{' '}
            <When at={last_event.received_at} />
          </>
        )}
      </span>
      <div className="stack">
        <Raw label={`The URL of ${name}`}>{url}</Raw>
        <Copy text={url} label="Copy the URL" />
      </div>
      {secrets.length > 1 && <Rotation secrets={secrets} />}
      {refusals.length > 0 && <Refusals refusals={refusals} />}
      {guide !== null && (
        <details open={last_event === null}>
          <summary>Set it up in the registry</summary>
          {/* A receiver that does not know its own address writes the path alone. */}
          <Guide label={`How to set up ${name}`}>{guide.replaceAll(source.url, url)}</Guide>
        </details>
      )}
    </section>
  )
}

/** Tells which secrets are in use, so that the former one of a rotation can go. */
function Rotation({ secrets }: { secrets: Source['secrets'] }) {
  return (
    <ul>
      {secrets.map(({ position, last_event_at }) => (
        <li key={position}>
          Secret {position}: last used <When at={last_event_at} />
        </li>
      ))}
    </ul>
  )
}

function Refusals({ refusals }: { refusals: Source['refusals'] }) {
  return (
    <Notice tone="warning">
      <strong>Refused lately</strong>
      <ul>
        {refusals.slice(0, 5).map(({ at, reason }) => (
          <li key={at}>
            <When at={at} />: <Message>{reason}</Message>
          </li>
        ))}
      </ul>
    </Notice>
  )
}
