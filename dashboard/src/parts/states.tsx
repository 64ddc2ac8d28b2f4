import { Button, Heading, Label, Spinner } from '@primer/react'
import { useEffect, type ReactNode } from 'react'
import type { Loaded } from '../lib/use-api.ts'
import { linkTo } from '../lib/route.ts'
import { distanceOf, useNow } from '../lib/time.ts'
import { toneOf, visible, type Tone } from '../lib/words.ts'
import { Notice } from './notice.tsx'
import { Message, To } from './text.tsx'

/** Shows an answer once it is there, the last one while the receiver is away, and why there is none. */
export function Async<T>(props: { of: Loaded<T>; children: (data: T) => ReactNode }) {
  const { data, problem, loading, reload } = props.of
  return (
    <>
      {problem !== null && (
        <Notice tone={data === null ? 'critical' : 'warning'} role="alert">
          <Message>{problem.message}</Message>{' '}
          <Button size="small" onClick={reload}>
            Try again
          </Button>
        </Notice>
      )}
      {data !== null && props.children(data)}
      {data === null && loading && problem === null && <Spinner srText="Loading" className="gap" />}
    </>
  )
}

/** The heading of a page, what the page is about, and what can be done here. The browser's tab is called like it. */
export function Title(props: {
  children: string
  about?: ReactNode
  actions?: ReactNode
  back?: [string, string]
}) {
  const { about, actions, back } = props
  const children = visible(props.children)
  useEffect(() => {
    document.title = `${children} · Model Dispatch`
  }, [children])
  return (
    <div className="title">
      <div className="title-text">
        {back !== undefined && (
          <a className="back" href={linkTo(back[0])}>
            ‹ {back[1]}
          </a>
        )}
        <Heading as="h1" variant="medium">
          {children}
        </Heading>
        {about !== undefined && <p className="about">{about}</p>}
      </div>
      {actions !== undefined && <div className="actions">{actions}</div>}
    </div>
  )
}

/** A titled part of a page. */
export function Section(props: { title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <section className="section">
      <div className="section-head">
        <Heading as="h2" variant="small">
          {props.title}
        </Heading>
        {props.actions}
      </div>
      {props.children}
    </section>
  )
}

/** A word in a frame whose colour says the same. */
export function Mark(props: { tone?: Tone; children: string }) {
  return <Label variant={props.tone ?? toneOf(props.children)}>{props.children.replaceAll('_', ' ')}</Label>
}

/** A time, as long ago; the exact one where the pointer rests. */
export function When(props: { at: string | null | undefined }) {
  const now = useNow()
  if (props.at == null) return <span className="quiet">never</span>
  return (
    <time dateTime={props.at} title={props.at}>
      {distanceOf(Date.parse(props.at), now)}
    </time>
  )
}

/** Says that there is nothing, and what would bring something. */
export function Nothing(props: { title: string; children?: ReactNode }) {
  return (
    <div className="nothing">
      <Heading as="h2" variant="small">
        {props.title}
      </Heading>
      {props.children !== undefined && <div>{props.children}</div>}
    </div>
  )
}

/** For an address of this page that is nobody's. */
export function NotFound() {
  return (
    <Nothing title="There is no such page">
      The link may be of another version. <To path="/">Go to the overview</To>.
    </Nothing>
  )
}

/** Text as it was sent, which nothing interprets. Long ones scroll, also by keyboard. */
export function Raw(props: { label: string; children: string }) {
  return (
    <pre className="raw" tabIndex={0} aria-label={props.label} role="region">
      {visible(props.children)}
    </pre>
  )
}
