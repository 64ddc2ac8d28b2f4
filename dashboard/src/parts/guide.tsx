import { Copy } from './copy.tsx'
import { Raw } from './states.tsx'
import { Message } from './text.tsx'

/** The steps in a registry: paragraphs and lists as they are written, and blocks of code to copy. */
export function Guide({ label, children }: { label: string; children: string }) {
  return children.split(/^ *```\w*\n/m).map((part, index) =>
    index % 2 === 1 ? (
      <div key={index} className="stack">
        <Raw label={`${label}, code ${(index + 1) / 2}`}>{part}</Raw>
        <Copy text={part} />
      </div>
    ) : (
      <div key={index} className="guide">
        <Message>{unwrapped(part.trim())}</Message>
      </div>
    ),
  )
}

/** Returns Markdown with each paragraph and each entry of a list on one line. */
const unwrapped = (text: string) => text.replace(/(?<!\n)\n(?: +|(?=[^\s\d*|#-]))(?![*|#-] |\d+\. )/g, ' ')
