import { CheckCircleFillIcon, CircleIcon } from '@primer/octicons-react'
import type { ReactNode } from 'react'
import type { Automation, Source } from '../lib/types.ts'
import { Section } from './states.tsx'
import { To } from './text.tsx'

/** Leads an empty receiver to its first event: a source, an automation, a webhook that arrives. */
export function FirstRun(props: { sources: readonly Source[]; automations: readonly Automation[] }) {
  const has_event = props.sources.some(({ last_event }) => last_event !== null)
  if (has_event && props.automations.length > 0) return null
  return (
    <Section title="Three steps to the first dispatch">
      <ol className="plain">
        <Step done={props.sources.length > 0}>
          Name a registry under <code>sources</code> in <code>model-dispatch.yaml</code>, then{' '}
          <To path="/sources">paste its URL and secret into the registry</To>.
        </Step>
        <Step done={props.automations.length > 0}>
          <To path="/automations/new">Create an automation</To>: which alias starts what.
        </Step>
        <Step done={has_event}>
          Send a test from the registry, or <code>npm run cli -- send</code>. The light of{' '}
          <To path="/sources">the source</To> turns green.
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
