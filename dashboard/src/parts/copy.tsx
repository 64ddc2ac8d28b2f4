import { CheckIcon, CopyIcon } from '@primer/octicons-react'
import { Button } from '@primer/react'
import { useState } from 'react'

/** Copies a text to the clipboard, and says so. */
export function Copy({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [done, setDone] = useState(false)
  return (
    <Button
      size="small"
      leadingVisual={done ? CheckIcon : CopyIcon}
      onClick={() => {
        void navigator.clipboard.writeText(text).then(() => setDone(true))
      }}
    >
      {done ? 'Copied' : label}
    </Button>
  )
}
