import { Button, Checkbox } from '@primer/react'
import { useState } from 'react'
import { call } from '../lib/api.ts'
import type { ProblemText } from '../lib/types.ts'
import { pretty, reasonOf } from '../lib/words.ts'
import { TextField } from './text-field.tsx'
import { Conditions } from './conditions.tsx'
import { Mark, Raw, Section } from './states.tsx'
import { Said, type Ending } from './notice.tsx'
import { Fault } from './text.tsx'

/** The result of a test of an automation. */
interface Tested {
  event: string
  conditions: { holds: boolean; reason: string }[]
  destinations: {
    destination: { type: string; target: string }
    request: unknown
    error: ProblemText | null
    permission: (ProblemText & { allowed: boolean | null }) | null
    sent: boolean
    result: (ProblemText & { class: string; status: number | null; body: string | null }) | null
  }[]
}

/** Tests an automation with a sample event through the real destinations. */
export function TestIt({ name }: { name: string }) {
  const [type, setType] = useState('')
  const [send, setSend] = useState(false)
  const [tested, setTested] = useState<Tested | null>(null)
  const [problem, setProblem] = useState<Ending | null>(null)
  const [busy, setBusy] = useState(false)
  const test = async () => {
    setBusy(true)
    try {
      const body = { send, ...(type !== '' && { event: type }) }
      setTested(await call<Tested>(`/automations/${encodeURIComponent(name)}/test`, { method: 'POST', body }))
      setProblem(null)
    } catch (error) {
      setProblem({ text: reasonOf(error), failed: true })
    }
    setBusy(false)
  }
  return (
    <Section title="Test">
      <div className="row gap">
        <TextField label="Event type" hint="its first one" value={type} onChange={setType} />
        <Button onClick={() => void test()} disabled={busy}>
          {busy ? 'Testing…' : 'Test'}
        </Button>
      </div>
      <label className="choice">
        <Checkbox checked={send} onChange={(event) => setSend(event.target.checked)} />
        Really start runs and jobs
      </label>
      <Said ending={problem} />
      {tested !== null && <Result tested={tested} />}
    </Section>
  )
}

function Result({ tested: { event, conditions, destinations } }: { tested: Tested }) {
  return (
    <div role="status">
      <p>{`With a sample of ${event}:`}</p>
      <Conditions conditions={conditions} />
      {destinations.map((one) => (
        <Endpoint key={`${one.destination.type} ${one.destination.target}`} tested={one} />
      ))}
    </div>
  )
}

/** Shows the answer of a destination, or the request that it would be sent. */
function Endpoint({ tested }: { tested: Tested['destinations'][number] }) {
  const { destination, request, error, permission, sent, result } = tested
  const said = error ?? result ?? permission
  const is_fine =
    error === null && (result?.class ?? 'success') === 'success' && permission?.allowed !== false
  const status = result?.status == null ? '' : `: HTTP ${result.status}`
  return (
    <div className="card">
      <span>
        <Mark tone={is_fine ? 'success' : 'danger'}>{sent ? 'sent' : 'not sent'}</Mark>{' '}
        {`${destination.type.replaceAll('_', ' ')} to ${destination.target}${status}`}
      </span>
      {said !== null && said.message !== '' && (
        <span>
          <Fault of={said} />
        </span>
      )}
      <details>
        <summary>Request and answer</summary>
        <Raw label="Request">{pretty(request)}</Raw>
        {result?.body != null && <Raw label="Answer">{pretty(result.body)}</Raw>}
      </details>
    </div>
  )
}
