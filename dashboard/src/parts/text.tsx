import { linkTo } from '../lib/route.ts'
import type { ProblemText } from '../lib/types.ts'
import { visible } from '../lib/words.ts'

/** A link to a place of this page. Its text may come from a payload: characters that would hide are shown. */
export function To(props: {
  path: string
  params?: Readonly<Record<string, string | null>>
  children: string
}) {
  return <a href={linkTo(props.path, props.params)}>{visible(props.children)}</a>
}

/** A sentence of the receiver: what stands between backticks is code. */
export function Message({ children }: { children: string }) {
  return visible(children)
    .split('`')
    .map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))
}

/** An error, and the advice on it. */
export function Fault({ of: { message, fix } }: { of: ProblemText }) {
  return (
    <>
      <strong>
        <Message>{message}</Message>
      </strong>{' '}
      <Message>{fix}</Message>
    </>
  )
}
