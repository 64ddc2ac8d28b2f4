import { Banner } from '@primer/react'
import type { ReactNode } from 'react'

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
