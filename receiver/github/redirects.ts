import type { Answer } from '../outbound/answer.ts'

const MOST_REDIRECTS = 3

/**
 * Follows GitHub's redirects of a renamed or moved repository with the method kept, on the same scheme, host and
 * port only: the token must not travel elsewhere (docs: best practices, "Follow redirects").
 * `resend` repeats the request at another URL. A redirect that cannot be followed to its end is returned as it is.
 * `moved_to` is where the redirects led; null where there were none, or where they led nowhere.
 */
export async function followRedirects(
  first: Answer,
  api_url: string,
  resend: (url: string) => Promise<Answer>,
): Promise<{ answer: Answer; moved_to: string | null }> {
  let answer = first
  let moved_to: string | null = null
  for (let hop = 0; hop < MOST_REDIRECTS; hop += 1) {
    const next = redirectTarget(answer, moved_to ?? api_url)
    if (next === null) break
    answer = await resend(next)
    moved_to = next
  }
  return { answer, moved_to: isRedirect(answer) ? null : moved_to }
}

function isRedirect({ status }: Answer): boolean {
  return [301, 302, 307, 308].includes(status)
}

function redirectTarget(answer: Answer, from: string): string | null {
  const location = answer.headers['location']
  if (!isRedirect(answer) || location === undefined || !URL.canParse(location, from)) return null
  const target = new URL(location, from)
  return target.origin === new URL(from).origin && target.username === '' && target.password === ''
    ? target.href
    : null
}
