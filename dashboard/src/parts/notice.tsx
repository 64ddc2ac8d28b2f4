import { Banner } from '@primer/react'
import type { ReactNode } from 'react'
import { Message } from './text.tsx'

const TITLES = { info: 'Note', success: 'Done', warning: 'Attention', critical: 'Problem' } as const

/** A message that stands out, in a colour that its hidden title says too. `role` announces one that appears later. */
export function Notice(props: {
  tone?: keyof typeof TITLES
  role?: 'alert' | 'status'
  children: ReactNode
}) {
  const { tone = 'info', role, children } = props
  return (
    <div className="notice" {...(role !== undefined && { role })}>
      <Banner title={TITLES[tone]} hideTitle variant={tone} description={children} />
    </div>
  )
}

/** How something that was asked for ended, in one sentence; '' where that shows by itself. */
export interface Ending {
  text: string
  failed: boolean
}

/** Says how something ended, once it has. */
export function Said({ ending }: { ending: Ending | null }) {
  if (ending === null || ending.text === '') return null
  return (
    <Notice tone={ending.failed ? 'critical' : 'success'} role={ending.failed ? 'alert' : 'status'}>
      <Message>{ending.text}</Message>
    </Notice>
  )
}
