import { CheckCircleFillIcon, CircleIcon } from '@primer/octicons-react'
import type { ReactNode } from 'react'
import { linkTo } from '../lib/route.ts'
import type { Automation, Source } from '../lib/types.ts'
import { Section } from './states.tsx'

/** Leads an empty receiver to its first event: a source, an automation, a webhook that arrives. */
export function FirstRun(props: { sources: readonly Source[]; automations: readonly Automation[] }) {
  const has_event = props.sources.some(({ last_event }) => last_event !== null)
  if (has_event && props.automations.length > 0) return null
  return (
    <Section title="Three steps to the first dispatch">
      <ol className="plain">
        <Step done={props.sources.length > 0}>
          Name a registry under <code>sources</code> in model-dispatch.yaml, then{' '}
          <a href={linkTo('/sources')}>paste its URL and secret into the registry</a>.
        </Step>
        <Step done={props.automations.length > 0}>
          <a href={linkTo('/automations/new')}>Create an automation</a>: which alias starts what.
        </Step>
        <Step done={has_event}>
          Send a test from the registry, or <code>npm run cli -- send</code>. The light of{' '}
          <a href={linkTo('/sources')}>the source</a> turns green.
        </Step>
      </ol>
    </Section>
  )
}

function Step({ done, children }: { done: boolean; children: ReactNode }) {
  return (
    <li className="card">
      <span>
        {done ? <CheckCircleFillIcon aria-label="done" /> : <CircleIcon aria-label="to do" />} {children}
      </span>
    </li>
  )
}
