import type { Response } from 'express'

/**
 * Answers with an RFC 9457 problem. `code` is stable; `detail` is an instruction and never holds a secret. Other members
 * may stand beside it.
 */
export function problem(
  response: Response,
  status: number,
  code: string,
  detail: string | ({ detail: string } & Record<string, unknown>),
): void {
  response
    .status(status)
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: 'about:blank',
        title: code.replaceAll('_', ' '),
        status,
        code,
        ...(typeof detail === 'string' ? { detail } : detail),
      }),
    )
}

/** A request that cannot be answered as it was asked: a handler throws it, the router answers with it. */
export class ApiProblem extends Error {
  readonly status: number
  readonly code: string
  /** Members beside those that every problem has. */
  readonly members: Readonly<Record<string, unknown>>
  constructor(status: number, code: string, detail: string, members: Readonly<Record<string, unknown>> = {}) {
    super(detail)
    this.name = 'ApiProblem'
    this.status = status
    this.code = code
    this.members = members
  }
}
