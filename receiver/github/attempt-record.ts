import type { AttemptResult, Meaning } from '../policy/attempt.ts'
import type { Answer } from '../outbound/answer.ts'
import { excerpt, inline, redact } from '../secrets/redact.ts'

/** Gathers the record of one attempt, with every token that it used masked. */
export class AttemptRecord {
  readonly #url: string
  #body: string
  readonly #repository: string
  readonly #secrets: string[] = []
  #moved_to: string | null = null
  #in_flight = false

  /** @param repository `owner/name` as the destination names it. */
  constructor(repository: string, url: string, body: string) {
    this.#repository = repository
    this.#url = url
    this.#body = body
  }

  /** Whether a dispatch was sent that has no answer yet. */
  get isInFlight(): boolean {
    return this.#in_flight
  }

  /** The tokens used so far. */
  get secrets(): readonly string[] {
    return this.#secrets
  }

  /** The present name of the repository, as far as it is known. */
  get repository(): string {
    return this.#movedName ?? this.#repository
  }

  /** Masks this token from now on. */
  hides(token: string): void {
    this.#secrets.push(token)
  }

  /** Records that another body is sent in place of the first. */
  resends(body: string): void {
    this.#body = body
  }

  sending(): void {
    this.#in_flight = true
  }

  answered(): void {
    this.#in_flight = false
  }

  /** @param to the present name of the repository, or its address where GitHub doesn't say the name. */
  moved(to: string): void {
    this.#moved_to = inline(to, this.#secrets)
  }

  /** @param answer what is kept of its body as `response`; null when none came or none may be kept. */
  result(meaning: Meaning, status: number | null, response: Answer['body'] | null): AttemptResult {
    const { message, fix } = this.#withMove(meaning)
    return {
      class: meaning.class,
      status,
      message: redact(message, this.#secrets),
      fix: redact(fix, this.#secrets),
      request: { method: 'POST', url: this.#url, body: excerpt(this.#body, this.#secrets) },
      response: response === null ? null : excerpt(response, this.#secrets),
      retry_after_ms: meaning.retry_after_ms,
    }
  }

  get #movedName(): string | null {
    return this.#moved_to !== null && /^[^/\s]+\/[^/\s]+$/.test(this.#moved_to) ? this.#moved_to : null
  }

  #withMove({ message, fix, class: kind }: Meaning): Pick<Meaning, 'message' | 'fix'> {
    if (this.#moved_to === null) return { message, fix }
    const moved = `${this.#repository} has moved to ${this.#moved_to}: GitHub redirected the request.`
    const name = this.#movedName ?? "the repository's present name"
    const update = `Update the configuration: put ${name} into \`repository\` of the destination and into \`repositories\` of the GitHub connection.`
    return kind === 'success'
      ? { message: `Sent, but ${moved}`, fix: update }
      : { message: `${moved} ${message}`, fix: `${update} ${fix}` }
  }
}
