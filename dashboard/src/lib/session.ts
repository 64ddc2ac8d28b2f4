import { createContext, useContext } from 'react'
import type { Session } from './types.ts'

/** Who is signed in. */
export const SessionContext = createContext<Session | null>(null)

/** Returns who is signed in, and whether that token may change things. */
export function useSession(): Session & { may_write: boolean } {
  const session = useContext(SessionContext)
  if (session === null) throw new Error('This part stands outside of a session.')
  return { ...session, may_write: session.role === 'write' }
}
