import type { ReactNode } from 'react'
import { visible } from '../lib/words.ts'

/** The known facts about something, by name; unknown ones are left out. */
export function Facts({ of }: { of: Readonly<Record<string, ReactNode>> }) {
  return (
    <dl className="facts">
      {Object.entries(of).map(([name, value]) =>
        value == null ? null : (
          <div key={name} className="contents">
            <dt>{name}</dt>
            <dd>{typeof value === 'string' ? visible(value) : value}</dd>
          </div>
        ),
      )}
    </dl>
  )
}
