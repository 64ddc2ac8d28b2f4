import { useCallback, useContext, useEffect, useState } from 'react'
import { call, Problem, type Query } from './api.ts'
import { SessionContext } from './session.ts'
import { useChanges } from './stream.ts'

/** An answer as far as the page has it: the last one stays on the page while the receiver is away. */
export interface Loaded<T> {
  data: T | null
  problem: Problem | null
  loading: boolean
  reload: () => void
}

/** How long until the page asks again when the receiver did not answer, in ms. */
const RETRY_MS = 3_000

/**
 * Loads an answer of the API, and loads it again when something of these kinds changes.
 * @param path null loads nothing.
 * @param kinds the kinds of changes in the stream that make the answer old.
 */
export function useApi<T>(path: string | null, query: Query = {}, kinds: readonly string[] = []): Loaded<T> {
  const key = JSON.stringify([path, query])
  const [state, setState] = useState<{ key: string; data: T | null; problem: Problem | null; done: boolean }>(
    {
      key,
      data: null,
      problem: null,
      done: false,
    },
  )
  const session = useContext(SessionContext)
  const [round, setRound] = useState(0)
  const reload = useCallback(() => setRound((count) => count + 1), [])
  useChanges(kinds, reload)
  useEffect(() => {
    if (path === null) return
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const [asked, parameters] = JSON.parse(key) as [string, Query]
    call<T>(asked, { query: parameters, signal: stop.signal }).then(
      (data) => setState({ key, data, problem: null, done: true }),
      (error: unknown) => {
        if (stop.signal.aborted) return
        const problem = error instanceof Problem ? error : new Problem(0, 'page', String(error))
        setState((before) => ({ key, data: before.key === key ? before.data : null, problem, done: true }))
        if (problem.status === 0 || problem.status === 503) timer = setTimeout(reload, RETRY_MS)
      },
    )
    return () => {
      stop.abort()
      clearTimeout(timer)
    }
    // Who signs in again sees what is there now.
  }, [path, key, round, reload, session])
  const current = state.key === key
  return {
    data: current ? state.data : null,
    problem: current ? state.problem : null,
    loading: path !== null && (!current || !state.done),
    reload,
  }
}
