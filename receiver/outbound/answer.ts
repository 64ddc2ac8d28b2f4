/** An HTTP answer. Header names are in lower case. */
export interface Answer {
  status: number
  headers: Readonly<Record<string, string | undefined>>
  body: string
}

/** Returns the body of an answer as a JSON object; `{}` when it is not one. */
export function answerObject({ body }: Pick<Answer, 'body'>): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
