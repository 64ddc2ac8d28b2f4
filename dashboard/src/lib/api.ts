import type { Mistake } from './types.ts'

/** The answer of a receiver that cannot do as asked: RFC 9457. */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  /** Mistakes by key, where the receiver names several. */
  readonly problems: readonly Mistake[]
  constructor(status: number, code: string, detail: string, problems: readonly Mistake[] = []) {
    super(detail)
    this.name = 'Problem'
    this.status = status
    this.code = code
    this.problems = problems
  }
}

/** The parameters of a query; those that are empty are left out. */
export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>

interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  query?: Query
  body?: unknown
  if_match?: string | null
  signal?: AbortSignal
}

/** Everything goes to the API beside this page, whatever base path it stands under. */
const BASE = './api/v1'

let onSignedOut: () => void = () => undefined

/** Names what happens when the session has ended. */
export function whenSignedOut(then: () => void): void {
  onSignedOut = then
}

/** Returns the address of an API call. */
export function addressOf(path: string, query: Query = {}): string {
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(query))
    if (value !== null && value !== undefined && value !== '') params.set(key, String(value))
  const text = params.toString()
  return `${BASE}${path}${text === '' ? '' : `?${text}`}`
}

/**
 * Calls the API and returns its answer.
 *
 * @throws Problem for anything but success, also when the receiver cannot be reached.
 */
export async function call<T>(path: string, options: Call = {}): Promise<T> {
  const response = await answerTo(path, options)
  const text = await response.text()
  const body = jsonOf(text)
  if (response.ok) return body as T
  const { code, detail, problems } = (body ?? {}) as Partial<Problem> & { detail?: string }
  if (response.status === 401 && path !== '/session') onSignedOut()
  const said =
    OWN_WORDS[code ?? ''] ?? detail ?? `The receiver answered ${response.status}. Its log says why.`
  throw new Problem(response.status, code ?? 'unknown', said, problems)
}

/** Says to people the words of the API that are meant for programs. */
const OWN_WORDS: Readonly<Record<string, string>> = {
  automation_exists: 'There is an automation of this name already. Choose another name.',
  unauthorized: 'You are signed out. What you typed is kept: sign in, and do it again.',
}

/** Returns the mistakes that a refusal names, by key. */
export function mistakesOf({ code, message, problems }: Problem): readonly Mistake[] {
  return code === 'automation_exists' ? [{ key: 'name', message: 'Taken', fix: message }] : problems
}

async function answerTo(
  path: string,
  { method = 'GET', query, body, if_match, signal }: Call,
): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (if_match != null) headers['if-match'] = if_match
  try {
    return await fetch(addressOf(path, query), {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    const then =
      method === 'GET' ? 'The page tries again by itself.' : 'What you typed is kept: try again soon.'
    throw new Problem(0, 'unreachable', `The receiver cannot be reached. ${then}`)
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
