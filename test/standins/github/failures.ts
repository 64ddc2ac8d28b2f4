import type { ServerResponse } from 'node:http'
import type { Operation } from './openapi.ts'
import type { AnswerName } from './real-answers.ts'

/** A way in which GitHub can fail. Plain JSON, so that another process can ask for it. */
export type Failure =
  /** One of GitHub's own answers, by name. */
  | { kind: 'answer'; name: AnswerName }
  /** Any answer. */
  | { kind: 'custom'; status: number; headers?: Record<string, string>; body?: string }
  /** Never answers. */
  | { kind: 'hang' }
  /** Cuts the connection before anything was done. */
  | { kind: 'reset' }
  /** Does what was asked, then cuts the connection: the ambiguous case. */
  | { kind: 'lost' }
  /** Does what was asked after so many ms. */
  | { kind: 'slow'; ms: number }
  /** Answers 502, its body a byte at a time and never whole. */
  | { kind: 'trickle'; ms: number }

/** Failures to come: the next so many requests of an operation, or all. */
export class Script {
  readonly #next: { failure: Failure; operation: Operation | null; left: number }[] = []
  #always: Failure | null = null

  next(failure: Failure, times: number, operation: Operation | null): void {
    this.#next.push({ failure, operation, left: times })
  }

  always(failure: Failure | null): void {
    this.#always = failure
  }

  clear(): void {
    this.#next.length = 0
    this.#always = null
  }

  /** The failure for this request, used up by asking. */
  take(operation: Operation | null): Failure | null {
    const index = this.#next.findIndex((entry) => entry.operation === null || entry.operation === operation)
    const entry = this.#next[index]
    if (entry === undefined) return this.#always
    entry.left -= 1
    if (entry.left <= 0) this.#next.splice(index, 1)
    return entry.failure
  }
}

/** Sends a body that never ends. */
export function trickle(response: ServerResponse, ms: number): void {
  response.writeHead(502, { 'content-type': 'text/html' })
  const timer = setInterval(() => response.write('.'), ms)
  response.on('close', () => clearInterval(timer))
}
