import { useEffect, useRef } from 'react'

/** The longest that changes are gathered before a page loads again, in ms: a burst must not ask a hundred times. */
const GATHER_MS = 400

const listeners = new Set<(kind: string) => void>()
let source: EventSource | null = null

/** Listens to the receiver's changes while anybody is interested. The browser connects again by itself. */
function listen(): void {
  if (source !== null) return
  source = new EventSource('./api/v1/stream')
  for (const kind of ['event', 'delivery', 'lane', 'work'])
    source.addEventListener(kind, () => {
      for (const told of listeners) told(kind)
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
  }, [wanted])
}
