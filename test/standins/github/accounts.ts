import { createHash, createVerify, randomBytes } from 'node:crypto'

/** A GitHub App as the stand-in knows it. */
export interface StandInApp {
  id: string
  /** PEM; with it the App's signature is checked. */
  public_key?: string
  /** Installation ids by owner. */
  installations: Record<string, number>
}

export interface AccountOptions {
  /** Logins by token. Left out: every token that no App minted belongs to `octocat`. */
  users?: Record<string, string>
  app?: StandInApp
  /** How long installation tokens live, ms. */
  token_lifetime_ms?: number
}

/** Who sends a request. `scope` is null for users, who may everything here. */
export interface Account {
  /** `user:octocat`, `app:1234`, `installation:1234/acme`. */
  identity: string
  scope: {
    owner: string
    repositories: readonly string[] | null
    canWrite: boolean
    canStart: boolean
  } | null
  /** When its token was minted, Unix time in ms; left out for users and Apps. */
  minted_at?: number
}

interface MintedToken extends Account {
  expires_at: number
}

/** GitHub's lifetime of an installation token. */
const HOUR = 3_600_000
/** The longest that an App may sign in for, in seconds, with some room for clocks. */
const LONGEST_JWT_S = 660

/** Users and Apps: who is behind a token. */
export class Accounts {
  readonly #options: AccountOptions
  readonly #minted = new Map<string, MintedToken>()
  /** Every token minted so far. */
  readonly mints: { installation: number; owner: string; token: string; at: number; request: unknown }[] = []

  constructor(options: AccountOptions) {
    this.#options = options
  }

  /** The account behind an `Authorization` header; null for bad credentials. */
  identify(authorization: string | undefined, now: number): Account | null {
    const token = /^(?:bearer|token) (.+)$/i.exec(authorization ?? '')?.[1]
    if (token === undefined) return null
    const minted = this.#minted.get(token)
    if (minted !== undefined) return minted.expires_at > now ? minted : null
    if (token.startsWith('ghs_')) return null
    if (/^eyJ[^.]*\.[^.]*\.[^.]*$/.test(token)) return this.#identifyApp(token, now)
    const login = this.#options.users === undefined ? 'octocat' : ownValue(this.#options.users, token)
    return login === undefined ? null : { identity: `user:${login}`, scope: null }
  }

  /** The App's installation on an owner; null where it is not installed. */
  installation(owner: string): { id: number; app_id: string } | null {
    const { app } = this.#options
    const found = Object.entries(app?.installations ?? {}).find(([name]) => same(name, owner))
    return app === undefined || found === undefined ? null : { id: found[1], app_id: app.id }
  }

  /** Makes a token in the stateless form (over 500 characters, with dots); null for an unknown installation. */
  mint(installation: number, request: unknown, now: number): { token: string; expires_at: string } | null {
    const { app } = this.#options
    const owner = Object.entries(app?.installations ?? {}).find(([, id]) => id === installation)?.[0]
    if (app === undefined || owner === undefined) return null
    const part = (bytes: number) => randomBytes(bytes).toString('base64url')
    const token = `ghs_${app.id}_${part(60)}.${part(180)}.${part(190)}`
    const expires_at = now + (this.#options.token_lifetime_ms ?? HOUR)
    const { repositories, permissions } = (request ?? {}) as {
      repositories?: string[]
      permissions?: { contents?: string; actions?: string }
    }
    const canWrite = permissions === undefined || permissions.contents === 'write'
    const canStart = permissions === undefined || permissions.actions === 'write'
    const scope = { owner, repositories: repositories ?? null, canWrite, canStart }
    this.#minted.set(token, {
      identity: `installation:${app.id}/${owner.toLowerCase()}`,
      scope,
      expires_at,
      minted_at: now,
    })
    this.mints.push({ installation, owner, token, at: now, request })
    return { token, expires_at: new Date(expires_at).toISOString().replace(/\.\d+Z$/, 'Z') }
  }

  /** Makes every installation token that exists now invalid, as uninstalling or a key change would. */
  revokeMinted(): void {
    this.#minted.clear()
  }

  #identifyApp(jwt: string, now: number): Account | null {
    const { app } = this.#options
    if (app === undefined) return null
    const [header = '', payload = '', signature = ''] = jwt.split('.')
    const { iss, iat, exp } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<
      string,
      unknown
    >
    const seconds = now / 1000
    const timely =
      typeof iat === 'number' && typeof exp === 'number' && exp > seconds && exp - iat <= LONGEST_JWT_S
    if (String(iss) !== app.id || !timely) return null
    if (app.public_key !== undefined) {
      const verify = createVerify('RSA-SHA256').update(`${header}.${payload}`)
      if (!verify.verify(app.public_key, signature, 'base64url')) return null
    }
    return { identity: `app:${app.id}`, scope: null }
  }
}

/** Whether the account may write to a repository's contents, or to its actions, and why not. */
export function access(
  { scope }: Account,
  { owner, repo }: { owner: string; repo: string },
  permission: 'canWrite' | 'canStart' = 'canWrite',
): 'write' | 'read' | 'none' {
  if (scope === null) return 'write'
  const listed = scope.repositories === null || scope.repositories.some((name) => same(name, repo))
  if (!same(scope.owner, owner) || !listed) return 'none'
  return scope[permission] ? 'write' : 'read'
}

/** A stable number for a name, as GitHub's ids are. */
export function idOf(name: string): number {
  return createHash('sha256').update(name.toLowerCase()).digest().readUInt32BE(0)
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

function ownValue(record: Record<string, string>, key: string): string | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
}
