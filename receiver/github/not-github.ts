import { answerObject, type Answer } from '../outbound/answer.ts'

/** The statuses that a proxy may answer with for reasons of its own, and that mean the same from anybody. */
const ANYBODYS = [408, 425, 429]

/** The plain text of GitHub's own front, before its API is reached. */
const FRONT = /has a User-Agent header/

/**
 * Returns whether an answer cannot be GitHub's: a proxy, a sign-in page or another web server gave it. GitHub answers
 * errors with a JSON object that has a `message`, and a dispatch with nothing at all.
 */
export function isForeign(
  answer: Answer,
  { step, api_url }: { step: 'dispatch' | 'installation' | 'token'; api_url: string },
): boolean {
  const { status, headers, body } = answer
  if (status >= 300 && status < 400) return isDetour(answer, api_url)
  if (status === 204 || status >= 500) return false
  const isEmpty = body.trim() === ''
  if (status < 300) return isPage(answer) || (step === 'dispatch' && !isEmpty)
  if (ANYBODYS.includes(status)) return false
  if (isPage(answer)) return true
  if (isEmpty) return false
  const isOurs = headers['x-github-request-id'] !== undefined || FRONT.test(body)
  return !isOurs && typeof answerObject(answer)['message'] !== 'string'
}

/** Returns whether this leads elsewhere for the moment, as to a sign-in page. GitHub's own redirects stay on its host. */
function isDetour({ status, headers: { location } }: Answer, api_url: string): boolean {
  if (![302, 303, 307].includes(status) || location === undefined) return false
  return URL.canParse(location, api_url) && new URL(location, api_url).origin !== new URL(api_url).origin
}

/** Returns whether this is a page for people. */
function isPage({ headers, body }: Answer): boolean {
  return (
    /^(text\/html|application\/xhtml)/i.test(headers['content-type'] ?? '') ||
    /^\s*<(!doctype|html)/i.test(body)
  )
}

/** Returns what a page says to people: its title or first heading; where a detour leads; of anything else the body. */
export function wordsOf({ status, headers: { location }, body }: Answer): string {
  if (status >= 300 && status < 400) return `to ${location ?? 'nowhere'}`
  const start = body.slice(0, 4096)
  return /<(title|h1)[^>]*>([^<]{1,200})/i.exec(start)?.[2] ?? (/^\s*</.test(start) ? 'a web page' : start)
}
