import type { Answer } from '../outbound/answer.ts'

/** Something to send in `Authorization: Bearer`. It never looks like anything in particular. */
export interface Credential {
  token: string
  /** When it was made, Unix time in ms; null for a token that a person made. */
  minted_at: number | null
}

/** Where a credential is needed. An App has one installation per owner. */
export interface Place {
  owner: string
  repo: string
}

/** The credentials of one GitHub connection. */
export interface Tokens {
  /**
   * The credential to use now, from the cache where it still has five minutes.
   * @throws TokenRefusedError, NoAnswerError, or the signal's reason.
   */
  get(place: Place, signal: AbortSignal): Promise<Credential>
  /** Another credential than `refused`, which GitHub answered 401 to; null when there can be none. */
  renew(place: Place, refused: Credential, signal: AbortSignal): Promise<Credential | null>
}

/** The surroundings that tokens depend on. */
export interface TokenOptions {
  /** Now, Unix time in ms. */
  now: () => number
  /**
   * Names of the repositories of an owner that automations send to now, to narrow installation tokens to them;
   * null where they cannot be listed. Over 500 are not narrowed (GitHub's limit).
   */
  repositoriesOf: (owner: string) => readonly string[] | null
  /**
   * The permissions of installation tokens: a `repository_dispatch` needs `contents`, a `workflow_dispatch` `actions`. Neither
   * gets both, so that an App needs only what its destinations use. GitHub adds `metadata: read` by itself.
   */
  permission: 'contents' | 'actions'
}

/** GitHub, or the private key, gives no token. */
export class TokenRefusedError extends Error {
  readonly step: 'installation' | 'token'
  /** GitHub's answer, null when the private key itself cannot be used. */
  readonly answer: Answer | null
  /** Where GitHub's redirect of a moved repository led before it refused; null where there was none. */
  readonly moved_to: string | null
  constructor(step: 'installation' | 'token', answer: Answer | null, moved_to: string | null = null) {
    super(answer === null ? 'The private key cannot be used.' : `No token: HTTP ${answer.status}.`)
    this.name = 'TokenRefusedError'
    this.step = step
    this.answer = answer
    this.moved_to = moved_to
  }
}
