import { Spinner } from '@primer/react'
import { Suspense, useCallback, useEffect, useState } from 'react'
import { call, Problem, whenSignedOut } from './lib/api.ts'
import { matchPath, useRoute } from './lib/route.ts'
import { endStream } from './lib/stream.ts'
import type { Session } from './lib/types.ts'
import { SessionContext } from './lib/session.ts'
import { PAGES } from './pages.ts'
import { Frame } from './parts/frame.tsx'
import { NotFound } from './parts/states.tsx'
import { SignIn } from './parts/sign-in.tsx'

/** How long until the page asks again who is signed in when the receiver did not answer, in ms. */
const RETRY_MS = 3_000
const ENDED =
  'Your session has ended: its time is over, or its token was changed. Sign in again: what you typed is kept.'

/** The whole page: who is signed in, and the page that the address names. */
export function App() {
  const [session, setSession] = useState<Session | null>(null)
  /** Whether the sign-in is shown; null until the receiver has said. The page of a session that has ended stays behind it. */
  const [is_out, setOut] = useState<boolean | null>(null)
  const [notice, setNotice] = useState<string | null>(null)
  const leave = useCallback((why: string | null) => {
    endStream()
    setNotice(why)
    setOut(true)
  }, [])
  const enter = useCallback((signedIn: Session) => {
    setNotice(null)
    setSession(signedIn)
    setOut(false)
  }, [])
  useEffect(() => {
    whenSignedOut(() => leave(ENDED))
    const ask = () => {
      call<Session>('/session').then(enter, (error: unknown) => {
        const is_away = error instanceof Problem && error.status !== 401
        leave(is_away ? error.message : null)
        if (is_away) setTimeout(ask, RETRY_MS)
      })
    }
    ask()
  }, [leave, enter])
  if (is_out === null) return <Waiting />
  const signOut = async () => {
    await call('/session', { method: 'DELETE' }).catch(() => undefined)
    setSession(null)
    leave('You have signed out.')
  }
  return (
    <>
      {is_out && <SignIn notice={notice} onSession={enter} />}
      {session !== null && (
        // Another person gets a page of their own, not what the one before typed.
        <div key={`${session.name} ${session.role}`} hidden={is_out}>
          <SessionContext value={session}>
            <Frame session={session} onSignOut={() => void signOut()}>
              <Suspense fallback={<Waiting />}>
                <Shown />
              </Suspense>
            </Frame>
          </SessionContext>
        </div>
      )}
    </>
  )
}

function Shown() {
  const route = useRoute()
  for (const { path, Page } of PAGES) {
    const parts = matchPath(path, route.path)
    if (parts !== null) return <Page key={route.path} parts={parts} route={route} />
  }
  return <NotFound />
}

function Waiting() {
  return (
    <div className="waiting">
      <Spinner srText="The page is loading" />
    </div>
  )
}
