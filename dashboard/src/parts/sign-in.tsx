import { Button, Heading } from '@primer/react'
import { useState, type SubmitEvent } from 'react'
import { call } from '../lib/api.ts'
import type { Session } from '../lib/types.ts'
import { reasonOf } from '../lib/words.ts'
import { Notice, Said, type Ending } from './notice.tsx'
import { TextField } from './text-field.tsx'

/** Asks for a token, and keeps none: the receiver answers with a cookie that no script can read. */
export function SignIn(props: { notice: string | null; onSession: (session: Session) => void }) {
  const [token, setToken] = useState('')
  const [problem, setProblem] = useState<Ending | null>(null)
  const [busy, setBusy] = useState(false)
  const signIn = async () => {
    setBusy(true)
    setProblem(null)
    try {
      props.onSession(await call<Session>('/session', { method: 'POST', body: { token: token.trim() } }))
    } catch (error) {
      setProblem({ text: reasonOf(error), failed: true })
      setBusy(false)
    }
  }
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    void signIn()
  }
  return (
    <main className="sign-in">
      <img src="./icon.svg" alt="" width="48" height="48" />
      <Heading as="h1" variant="medium">
        Sign in to Model Dispatch
      </Heading>
      {props.notice !== null && <Notice>{props.notice}</Notice>}
      <Said ending={problem} />
      <form className="card" onSubmit={submit}>
        <TextField
          label="Token"
          help="The value of ADMIN_TOKEN, or of a token under admin.tokens in the configuration."
          kind="password"
          value={token}
          onChange={setToken}
        />
        <Button type="submit" variant="primary" block disabled={busy || token.trim() === ''}>
          {busy ? 'Signing in…' : 'Sign in'}
        </Button>
      </form>
    </main>
  )
}
