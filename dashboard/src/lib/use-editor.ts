import { useEffect, useState } from 'react'
import { call, mistakesOf, Problem } from './api.ts'
import { differences, draftOf, merged, mistakesByKey, type Draft } from './draft.ts'
import { automationPath, goTo } from './route.ts'
import type { Automation, Mistake } from './types.ts'

/** How long after the last key a draft is checked, in ms. */
const TYPED_MS = 500

/** An automation while it is edited. */
export interface Editor {
  /** The automation that was read, and is to be changed; null for a new one. */
  base: Automation | null
  draft: Draft
  change: (draft: Draft) => void
  /** The receiver's objections to the draft as it is now; null before it has answered. */
  found: readonly Mistake[] | null
  /** The mistakes to show at their fields: what nobody has come to yet is none until it is to be saved. */
  mistakes: ReadonlyMap<string, string>
  /** Takes what the receiver refused, so that each field shows its mistake. */
  refused: (error: unknown) => void
  /** The version that somebody else has made meanwhile: null where it was deleted, undefined where nobody did anything. */
  theirs: Automation | null | undefined
  /** Goes on with one's own changes on top of theirs, or with theirs alone. */
  settle: (whose: 'mine' | 'theirs') => void
  save: () => Promise<string>
  remove: () => Promise<string>
}

/** Edits an automation: checks it while it is typed, and saves it unless somebody else has changed it meanwhile. */
export function useEditor(before: Automation | null, { may_write }: { may_write: boolean }): Editor {
  const [base, setBase] = useState(before)
  const [draft, setDraft] = useState(draftOf(before))
  const [theirs, setTheirs] = useState<Automation | null | undefined>(undefined)
  const [is_tried, setTried] = useState(false)
  const is_touched = differences(draftOf(base), draft).length > 0
  const [found, setFound] = useCheck(draft, may_write && is_touched)
  const refused = (error: unknown) => {
    setTried(true)
    if (error instanceof Problem) setFound(mistakesOf(error))
  }
  /** Does it, unless somebody was faster: then it finds out what they made of it, and says nothing itself. */
  const unlessChanged = async (act: () => Promise<string>): Promise<string> => {
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 412) throw error
      setTheirs(await latest(base?.name ?? ''))
      return ''
    }
  }
  const save = () =>
    unlessChanged(async () => {
      const saved = await put(draft, base).catch((error: unknown) => {
        refused(error)
        throw error
      })
      setBase(saved)
      setDraft(draftOf(saved))
      if (base === null) goTo(automationPath(saved.name))
      return 'Saved: the next event sees it.'
    })
  const remove = () =>
    unlessChanged(async () => {
      if (base === null) return ''
      await call(automationPath(base.name), { method: 'DELETE', if_match: base.etag })
      goTo('/automations')
      return 'Deleted.'
    })
  const settle = (whose: 'mine' | 'theirs') => {
    if (theirs === undefined) return
    if (theirs === null && whose === 'theirs') goTo('/automations')
    if (theirs !== null)
      setDraft(whose === 'theirs' ? draftOf(theirs) : merged(draftOf(base), draft, draftOf(theirs)))
    setBase(theirs)
    setTheirs(undefined)
  }
  const mistakes = mistakesByKey(found ?? [], draft, { all: is_tried })
  return { base, draft, change: setDraft, found, mistakes, refused, theirs, settle, save, remove }
}

/** Asks the receiver what is wrong with a draft, soon after the last key. */
function useCheck(draft: Draft, is_wanted: boolean) {
  const [found, setFound] = useState<readonly Mistake[] | null>(null)
  useEffect(() => {
    if (!is_wanted) return
    const stop = new AbortController()
    const timer = setTimeout(() => {
      call('/explain', { method: 'POST', body: { automation: draft }, signal: stop.signal }).then(
        () => setFound([]),
        (error: unknown) => {
          // Away, or signed out: the draft may be fine, and saving says what is the matter.
          if (!stop.signal.aborted)
            setFound(error instanceof Problem && error.status === 422 ? mistakesOf(error) : null)
        },
      )
    }, TYPED_MS)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [draft, is_wanted])
  return [found, setFound] as const
}

async function put(draft: Draft, base: Automation | null): Promise<Automation> {
  if (base === null) return await call<Automation>('/automations', { method: 'POST', body: draft })
  return await call<Automation>(automationPath(base.name), {
    method: 'PUT',
    body: draft,
    if_match: base.etag,
  })
}

/** Returns an automation as it is now; null where it is gone. */
async function latest(name: string): Promise<Automation | null> {
  try {
    return await call<Automation>(automationPath(name))
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null
    throw error
  }
}
