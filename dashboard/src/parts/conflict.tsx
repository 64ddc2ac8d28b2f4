import { Button } from '@primer/react'
import { stringify } from 'yaml'
import { differences, draftOf, type Draft } from '../lib/draft.ts'
import type { Editor } from '../lib/use-editor.ts'
import { Notice } from './notice.tsx'
import { Rows, type Column } from './table.tsx'

/** Says that somebody else was faster, shows what differs, and lets a person choose. Nothing typed is lost meanwhile. */
export function Conflict({ editor }: { editor: Editor }) {
  const { theirs, draft, settle } = editor
  if (theirs === undefined) return null
  const other = theirs === null ? {} : draftOf(theirs)
  const who = theirs?.updated_by ?? 'Somebody'
  return (
    <Notice tone="warning" role="alert">
      <strong>{`${who} ${theirs === null ? 'deleted' : 'changed'} this automation while you edited it.`}</strong>{' '}
      Nothing of yours is saved yet, and nothing is lost.{' '}
      {theirs === null
        ? 'Keep yours, and saving creates it again.'
        : 'Keep yours, and what you did not touch is taken from theirs: look at it, and save again.'}
      {theirs !== null && (
        <Rows
          label="What differs"
          columns={columns(draft, other)}
          items={differences(draft, other)}
          keyOf={(key) => key}
        />
      )}
      <div className="marks">
        <Button onClick={() => settle('mine')}>Keep mine</Button>
        <Button onClick={() => settle('theirs')}>
          {theirs === null ? 'Leave it deleted' : 'Take theirs'}
        </Button>
      </div>
    </Notice>
  )
}

const columns = (mine: Draft, theirs: Draft): readonly Column<string>[] => [
  { title: 'Setting', show: (key) => key },
  { title: 'Yours', show: (key) => <Setting value={mine[key]} /> },
  { title: 'Theirs', show: (key) => <Setting value={theirs[key]} /> },
]

function Setting({ value }: { value: unknown }) {
  if (value === undefined) return <span className="quiet">not set</span>
  return <code className="lines">{stringify(value).trim()}</code>
}
