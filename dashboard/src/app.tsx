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

/** The whole page: who is signed in, and the page that the address names. */
export function App() {
  const [session, setSession] = useState<Session | null | undefined>(undefined)
  const [notice, setNotice] = useState<string | null>(null)
  const leave = useCallback((why: string | null) => {
    endStream()
    setNotice(why)
    setSession(null)
  }, [])
  useEffect(() => {
    whenSignedOut(() => {
      leave(
        'Your session has ended: its time is over, or its token was changed. Sign in again; nothing is lost.',
      )
    })
    call<Session>('/session').then(setSession, (error: unknown) => {
      leave(error instanceof Problem && error.status !== 401 ? error.message : null)
    })
  }, [leave])
  if (session === undefined) return <Waiting />
  if (session === null)
    return (
      <SignIn
        notice={notice}
        onSession={(signedIn) => {
          setNotice(null)
          setSession(signedIn)
        }}
      />
    )
  const signOut = async () => {
    await call('/session', { method: 'DELETE' }).catch(() => undefined)
    leave('You have signed out.')
  }
  return (
    <SessionContext.Provider value={session}>
      <Frame session={session} onSignOut={() => void signOut()}>
        <Suspense fallback={<Waiting />}>
          <Shown />
        </Suspense>
      </Frame>
    </SessionContext.Provider>
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
