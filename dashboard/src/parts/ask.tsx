import { Button, Dialog } from '@primer/react'
import { useState, type ReactNode } from 'react'
import { Said, type Ending } from './notice.tsx'
import { reasonOf } from '../lib/words.ts'

/**
 * A button that says what it does before it does it, and shows why it could not.
 * @param props.children what will happen; absent: the button acts at once.
 */
export function Ask(props: {
  label: string
  title?: string
  danger?: boolean
  primary?: boolean
  disabled?: boolean
  /** Says what happened in one sentence, which stays beside the button; '' where it shows by itself. */
  act: () => Promise<string>
  children?: ReactNode
}) {
  const { label, title, danger, primary, disabled, act, children } = props
  const [open, setOpen] = useState(false)
  const [busy, setBusy] = useState(false)
  const [said, setSaid] = useState<Ending | null>(null)
  const run = async () => {
    setBusy(true)
    try {
      setSaid({ text: await act(), failed: false })
    } catch (error) {
      setSaid({ text: reasonOf(error), failed: true })
    }
    setBusy(false)
    setOpen(false)
  }
  return (
    <>
      <Button
        variant={danger ? 'danger' : primary ? 'primary' : 'default'}
        disabled={disabled === true || busy}
        onClick={() => {
          if (children === undefined) void run()
          else setOpen(true)
        }}
      >
        {label}
      </Button>
      <Said ending={said} />
      {open && (
        <Question
          title={title ?? label}
          label={busy ? 'One moment…' : label}
          danger={danger ?? false}
          disabled={busy}
          onYes={() => void run()}
          onBack={() => setOpen(false)}
        >
          {children}
        </Question>
      )}
    </>
  )
}

/** Asks before something is done, and says what will happen. */
export function Question(props: {
  title: string
  label: string
  danger?: boolean
  disabled?: boolean
  onYes: () => void
  onBack: () => void
  children: ReactNode
}) {
  const { title, label, danger = false, disabled = false, onYes, onBack, children } = props
  return (
    <Dialog
      title={title}
      onClose={onBack}
      footerButtons={[
        { content: 'Back', onClick: onBack },
        { content: label, buttonType: danger ? 'danger' : 'primary', disabled, onClick: onYes },
      ]}
    >
      {children}
    </Dialog>
  )
}
