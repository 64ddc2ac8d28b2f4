import { Button } from '@primer/react'
import { useState } from 'react'
import { call, type Query } from '../lib/api.ts'
import { useSession } from '../lib/session.ts'
import { count, reasonOf } from '../lib/words.ts'
import { Question } from './ask.tsx'
import { Said, type Ending } from './notice.tsx'

/** The result of a bulk redelivery; of a dry run, the plan. */
interface Recovery {
  redelivered: number
  stale: number
  no_target: number
  by_target?: { target: string; count: number }[]
  first?: { id: string; automation: string; target: string }[]
}

/** Redelivers what the filters show: first what would be sent, then, once somebody has read it, the sending. */
export function Recover({ query, onDone }: { query: Query; onDone: () => void }) {
  const { may_write } = useSession()
  const [plan, setPlan] = useState<Recovery | null>(null)
  const [done, setDone] = useState<Ending | null>(null)
  const { limit: _limit, cursor: _cursor, q: _q, ...filters } = query
  const ask = async (dry_run: boolean) => {
    const given = Object.entries(filters).filter(([, value]) => value != null && value !== '')
    const all = given.some(([name]) => name === 'since') ? {} : { all: true }
    const body = { status: 'failed', ...Object.fromEntries(given), ...all, dry_run }
    try {
      return await call<Recovery>('/deliveries/redeliver', { method: 'POST', body })
    } catch (error) {
      setDone({ text: reasonOf(error), failed: true })
      return null
    }
  }
  const send = async () => {
    setPlan(null)
    const answer = await ask(false)
    if (answer !== null)
      setDone({
        text: `${count(answer.redelivered, 'delivery is', 'deliveries are')} tried again.`,
        failed: false,
      })
    onDone()
  }
  return (
    <>
      <Button disabled={!may_write} onClick={() => void ask(true).then(setPlan)}>
        Redeliver failed…
      </Button>
      <Said ending={done} />
      {plan !== null && (
        <Question
          title="What would be sent"
          label="Send"
          onYes={() => void send()}
          onBack={() => setPlan(null)}
        >
          <Plan plan={plan} />
        </Question>
      )}
    </>
  )
}

function Plan({ plan: { redelivered, stale, no_target, by_target = [] } }: { plan: Recovery }) {
  return (
    <>
      <p>{`${count(redelivered, 'delivery', 'deliveries')} would be tried again.`}</p>
      <ul>
        {by_target.map(({ target, count: number }) => (
          <li key={target}>
            {target}: {count(number, 'delivery', 'deliveries')}
          </li>
        ))}
      </ul>
      {stale > 0 && (
        <p>{`${count(stale, 'is', 'are')} left out: a newer event has taken the place, and a recovery never rolls back.`}</p>
      )}
      {no_target > 0 && (
        <p>{`${count(no_target, 'has', 'have')} no valid target: correct the automation, then replay the event.`}</p>
      )}
    </>
  )
}
