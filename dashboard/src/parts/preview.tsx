import { Button } from '@primer/react'
import { useState } from 'react'
import { OWN_SOURCE } from '../../../src/contract/model-event.ts'
import { call } from '../lib/api.ts'
import type { EventSummary, Page, ProblemText } from '../lib/types.ts'
import { useApi } from '../lib/use-api.ts'
import { pretty, reasonOf } from '../lib/words.ts'
import { Choice, Field } from './field.tsx'
import { Conditions } from './conditions.tsx'
import { Raw, Section } from './states.tsx'
import { Said, type Ending } from './notice.tsx'

/** Why an automation matched an event or not, and what would be sent. */
interface Explained {
  events: {
    matches: { automation: string; matched: boolean; conditions: { holds: boolean; reason: string }[] }[]
    requests: { destination: { type: string; target: string }; request: unknown; error: ProblemText | null }[]
  }[]
}

/** Tries the draft on an event that really came: it is checked as when it is saved, and nothing is sent. */
export function Preview(props: {
  draft: Readonly<Record<string, unknown>>
  onRefused: (error: unknown) => void
}) {
  const { draft, onRefused } = props
  const events = useApi<Page<EventSummary>>('/events', { limit: 20 })
  const [id, setId] = useState('')
  const [shown, setShown] = useState<Explained | null>(null)
  const [problem, setProblem] = useState<Ending | null>(null)
  const recent = (events.data?.items ?? []).filter(({ source }) => source !== OWN_SOURCE)
  const chosen = id === '' ? (recent[0]?.id ?? '') : id
  const preview = async () => {
    try {
      setShown(
        await call<Explained>('/explain', { method: 'POST', body: { event: chosen, automation: draft } }),
      )
      setProblem(null)
    } catch (error) {
      setShown(null)
      setProblem({ text: reasonOf(error), failed: true })
      onRefused(error)
    }
  }
  return (
    <Section title="Try it on an event">
      {recent.length === 0 ? (
        <p className="quiet">No event has come yet: there is nothing to try it on.</p>
      ) : (
        <div className="row gap">
          <Recent events={recent} chosen={chosen} onChoose={setId} />
          <Button onClick={() => void preview()}>Preview</Button>
        </div>
      )}
      <Said ending={problem} />
      {shown?.events.map((event, index) => (
        <Outcome key={index} event={event} />
      ))}
    </Section>
  )
}

function Recent(props: { events: readonly EventSummary[]; chosen: string; onChoose: (id: string) => void }) {
  return (
    <Field label="Event">
      {(described) => (
        <Choice
          described={described}
          value={props.chosen}
          options={props.events.map(({ id, event }) => [id, event.title])}
          onChange={props.onChoose}
        />
      )}
    </Field>
  )
}

function Outcome({ event: { matches, requests } }: { event: Explained['events'][number] }) {
  return (
    <div className="card" role="status">
      <strong>{matches.some(({ matched }) => matched) ? 'It matches.' : 'It does not match.'}</strong>
      <Conditions conditions={matches.flatMap(({ conditions }) => conditions)} />
      {requests.map(({ destination: { type, target }, request, error }) => (
        <details key={`${type} ${target}`}>
          <summary>{`${type.replaceAll('_', ' ')} to ${target}`}</summary>
          <Raw label={`What ${type} would send`}>{pretty(error?.message ?? request ?? '')}</Raw>
        </details>
      ))}
    </div>
  )
}
