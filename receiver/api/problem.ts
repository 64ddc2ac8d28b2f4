import type { Response } from 'express'

/** Answers with an RFC 9457 problem. `code` is stable; `detail` is an instruction and never holds a secret. */
export function problem(
  response: Response,
  status: number,
  code: string,
  detail: string,
  more: Record<string, unknown> = {},
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
        detail,
        ...more,
      }),
    )
}
