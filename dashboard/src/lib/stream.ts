import { useContext, useEffect, useRef } from 'react'
import { SessionContext } from './session.ts'

/** The longest that changes are gathered before a page loads again, in ms: a burst must not ask a hundred times. */
const GATHER_MS = 400

/** How long until the page connects again when the receiver has refused the stream, in ms. */
const RETRY_MS = 3_000

const KINDS = ['event', 'delivery', 'lane', 'work'] as const

const listeners = new Set<(kind: string) => void>()
let source: EventSource | null = null

const tell = (kind: string) => {
  for (const told of listeners) told(kind)
}

/** Listens to the receiver's changes while anybody is interested. */
function listen(): void {
  if (source !== null) return
  const opened = new EventSource('./api/v1/stream')
  source = opened
  let was_away = false
  for (const kind of KINDS) opened.addEventListener(kind, () => tell(kind))
  opened.addEventListener('open', () => {
    // Nobody has told what changed meanwhile.
    if (was_away) KINDS.forEach(tell)
    was_away = false
  })
  opened.addEventListener('error', () => {
    was_away = true
    // The browser connects again by itself where it got no answer, and not where it got a refusal.
    if (opened.readyState === EventSource.CLOSED)
      setTimeout(() => {
        if (source !== opened) return
        source = null
        listen()
        KINDS.forEach(tell)
      }, RETRY_MS)
  })
}

/** Ends the stream: after signing out there is nobody to listen. */
export function endStream(): void {
  source?.close()
  source = null
}

/** Calls `changed` soon after something of these kinds has changed in the receiver. */
export function useChanges(kinds: readonly string[], changed: () => void): void {
  const latest = useRef(changed)
  useEffect(() => {
    latest.current = changed
  })
  const session = useContext(SessionContext)
  const wanted = kinds.join(' ')
  useEffect(() => {
    if (wanted === '') return
    let timer: ReturnType<typeof setTimeout> | undefined
    const told = (kind: string) => {
      if (!wanted.split(' ').includes(kind)) return
      timer ??= setTimeout(() => {
        timer = undefined
        latest.current()
      }, GATHER_MS)
    }
    listeners.add(told)
    listen()
    return () => {
      listeners.delete(told)
      clearTimeout(timer)
    }
  }, [wanted, session])
}
