import { CheckIcon, XIcon } from '@primer/octicons-react'
import { Message } from './text.tsx'

/** Every condition of an automation, with whether it holds. */
export function Conditions({ conditions }: { conditions: readonly { holds: boolean; reason: string }[] }) {
  return (
    <ul className="plain">
      {conditions.map(({ holds, reason }) => (
        <li key={reason}>
          {holds ? <CheckIcon aria-label="holds" /> : <XIcon aria-label="does not hold" />}{' '}
          <Message>{reason}</Message>
        </li>
      ))}
    </ul>
  )
}
