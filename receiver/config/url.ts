/** Returns whether a text is a plain http or https address: no credentials, query or fragment in it. */
export function isApiUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, search, hash } = new URL(text)
  return (
    ['http:', 'https:'].includes(protocol) && [username, password, search, hash].every((part) => part === '')
  )
}
